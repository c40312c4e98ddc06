"""Settings of the local engine, changed as the page does it: the engine's unit goes by them after a new start."""

from __future__ import annotations

import json
import secrets
import socket
import sys

from checks import must, until
from machine import DAEMON, ENGINE, STATE, active, pid, run, shown

HANDED = STATE / "engine.toml"
VOICE = "en-us+f3"
UPGRADE = (
    "GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5IHBhZ2UgdGVzdA==\r\n\r\n"
)
PAGES = """
import json, socket, sys
way = socket.socket(socket.AF_UNIX)
way.settimeout(60)
way.connect(sys.argv[1])
lines = way.makefile("rb")
for request in ({"type": "hello", "version": 1}, *json.loads(sys.argv[2])):
    way.sendall(json.dumps(request).encode() + b"\\n")
    print(lines.readline().decode().strip())
"""


def as_page(*requests: dict[str, object]) -> list[dict[str, object]]:
    """Ask at the door as the page's user, and return the answers."""
    who = ("setpriv", "--reuid", "parley-page", "--regid", "parley-page", "--groups", "parley")
    numbered = json.dumps([request | {"id": n} for n, request in enumerate(requests)])
    told = run(*who, sys.executable, "-c", PAGES, str(STATE / "door.socket"), numbered)
    return [json.loads(line) for line in told.splitlines()[1:]]


def voice() -> str:
    """Return the voice that the engine's unit speaks with; "" while it takes no session."""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(20)
        try:
            way.connect("/run/parley-engine/engine.socket")
            way.sendall(UPGRADE.encode())
            told = b""
            while b'"voice"' not in told:
                more = way.recv(65_536)
                told += more
                if not more or b" 101 " not in told.partition(b"\r\n")[0]:
                    return ""
        except OSError:
            return ""
    # What follows may be its goodbye, if it begins anew just now.
    created, _ = json.JSONDecoder().raw_decode(told[told.index(b"{") :].decode(errors="replace"))
    return str(created["session"]["audio"]["output"]["voice"])


def heard_by_the_engine() -> str:
    """Choose another voice at the door, as the page does, and start anew; then see to it that no file can stop it."""
    until(voice, 60, "an engine that takes sessions")
    was, engine = voice(), pid(ENGINE)
    must(was != VOICE, f"the voice is {was!r} already")
    key = secrets.token_urlsafe(12)
    changes = [
        {"type": "change_setting", "key": "local.tts", "value": "espeak-ng"},
        {"type": "change_setting", "key": "local.voice", "value": VOICE},
        {"type": "change_setting", "key": "brain.api_key", "value": key},
    ]
    done = as_page(*changes)
    must([one["type"] for one in done] == ["changed", "changed", "error"], f"the door says {done}")
    must("/etc/parley/keys" in str(done[2]) and key not in str(done), f"of the key it says {done[2]}")
    before = pid(DAEMON)
    as_page({"type": "restart"})
    took = until(lambda: voice() == VOICE, 60, "the voice that was chosen")
    must(pid(ENGINE) == engine and shown(ENGINE, "NRestarts") == "0", "the engine's unit was started anew by systemd")
    must(pid(DAEMON) == before, "the assistant's, too")
    must(HANDED.stat().st_mode & 0o777 == 0o644, f"its mode is {HANDED.stat().st_mode:o}")
    must((STATE / ".config/parley/parley.toml").stat().st_mode & 0o077 == 0, "all can read the assistant's own file")
    good = HANDED.read_text()
    HANDED.write_text("[local\n")
    until(lambda: "cannot be used" in shown(ENGINE, "StatusText"), 60, "that the engine says what is wrong")
    must(active(ENGINE) and voice() == VOICE, "it does not go on with the last good settings")
    found = run("parley", "doctor")
    must(str(HANDED) in found and "sudo systemctl restart parley" in found, f"the doctor says {found[-600:]}")
    run("systemctl", "restart", DAEMON)
    until(lambda: "cannot" not in shown(ENGINE, "StatusText"), 60, "that all is well again")
    must(HANDED.read_text() == good, "it was not written anew")
    for key in ("local.voice", "local.tts"):
        as_page({"type": "change_setting", "key": key, "value": None})
    as_page({"type": "restart"})
    until(lambda: voice() == was, 60, "the voice of before")
    return f"after {took:.0f} s, in the same process"
