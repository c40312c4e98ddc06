"""The page: switched on, it reaches the assistant by its door, shut in as it is."""

from __future__ import annotations

import json
import socket

from checks import must
from machine import KEYS, pid, run

UNIT = "parley-page.service"
PORT = 8770
LINE = (
    f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nOrigin: http://127.0.0.1:{PORT}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5IHBhZ2UgdGVzdA==\r\n\r\n"
)


def first_told() -> str:
    """Return what a browser is told first, as JSON."""
    with socket.create_connection(("127.0.0.1", PORT), 10) as way:
        way.sendall(LINE.encode())
        told = b""
        while b'"type"' not in told or not told.endswith(b"}"):
            told += way.recv(65_536)
    return told[told.index(b"{") :].decode()


def served() -> str:
    """Switch the page on and look at it; then it is off again."""
    run("systemctl", "enable", "--now", UNIT)
    try:
        told = first_told()
        must(json.loads(told)["type"] == "snapshot", f"the page does not reach the assistant: {told}")
        inside = f"/proc/{pid(UNIT)}/root"
        must("cannot" in run("ls", f"{inside}/dev/snd", fails=True), "it sees the sound card")
        must(any(KEYS.iterdir()), "there is no key that it could see")
        told = run("nsenter", "-t", str(pid(UNIT)), "-m", "ls", "-A", str(KEYS))
        must(not told, f"where it lives, even root sees keys: {told}")
        link = run("parley", "page", "link")
        must("/k/" in link, link)
        status = dict(
            line.split(":", 1) for line in run("cat", f"/proc/{pid(UNIT)}/status").splitlines() if ":" in line
        )
        must(status["Seccomp"].strip() == "2" and int(status["CapBnd"], 16) == 0, "it is not shut in")
        return f"{int(status['VmRSS'].split()[0]) // 1024} MB"
    finally:
        run("systemctl", "disable", "--now", UNIT)
