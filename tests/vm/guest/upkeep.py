"""The assistant looked after by its door, from within its sandbox: log, doctor, bundle, update, factory reset."""

from __future__ import annotations

import base64
import io
import json
import socket
import tarfile
from typing import TYPE_CHECKING, Any

from checks import must, until
from machine import DAEMON, KEYS, SETTINGS, SOURCE, STATE, active, pid, run, shown
from releases import UPDATER

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = SOURCE / "device" / "parley.example.toml"
RESET = "parley-reset.service"


def asked(*requests: dict[str, Any], within: float = 240) -> Iterator[dict[str, Any]]:
    """Yield the door's answers to requests, one after the other."""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(within)
        way.connect(str(STATE / "door.socket"))
        lines = way.makefile("rb")
        for request in ({"type": "hello", "version": 1}, *requests):
            way.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(lines.readline())
            if request["type"] != "hello":
                yield answer


def looked_after() -> str:
    """Read the log and have the doctor look, both as the daemon may; then make a bundle."""
    told = run("parley", "log")
    must("wake" in told and "sudo journalctl" in told, f"the log says {told[-300:]}")
    must("updates are not set up" in run("parley", "update"), "updates are set up already")
    must("release-keys" in run("parley", "update", "--now", fails=True), "it does not say what is missing")
    (begun,) = asked({"type": "examine", "id": 1})
    must(begun["type"] == "done", f"the doctor is not begun: {begun}")
    found: dict[str, Any] = {"going": True, "findings": []}
    while found.get("going"):
        (found,) = asked({"type": "get_findings", "id": 2, "after": len(found["findings"])})
    by_name = {one["name"]: one for one in found["findings"]}
    must(not found.get("wrong"), f"the doctor: {found.get('wrong')}")
    must("active (running)" in by_name["parley.service"]["message"], f"{by_name['parley.service']}")
    must(by_name["engine local"]["status"] == "ok", f"{by_name['engine local']}")
    must("in use by Parley itself" in by_name["card"]["message"], f"{by_name['card']}")
    (made,) = asked({"type": "make_bundle", "id": 3})
    must(made["type"] == "bundle_is", f"there is no bundle: {made}")
    data = base64.b64decode(made["data"])
    with tarfile.open(fileobj=io.BytesIO(data)) as bundle:
        log = bundle.extractfile("parley-bundle/log.txt")
        text = log.read().decode() if log else ""
    must("wake" in text and "jarvis, " not in text, f"its log says {text[:300]}")
    return f"{len(by_name)} findings, a bundle of {len(data)} bytes"


def update_asked_for() -> str:
    """Ask for an update at the door: the updater runs, once."""
    before = shown(UPDATER, "InvocationID")
    run("parley", "update", "--now")
    until(lambda: shown(UPDATER, "InvocationID") != before, 30, "the updater")
    until(lambda: shown(UPDATER, "ActiveState") in ("inactive", "failed"), 120, "the updater's end")
    once = shown(UPDATER, "InvocationID")
    must("try again in" in run("parley", "update", "--now", fails=True), "it is asked again at once")
    must(shown(UPDATER, "InvocationID") == once, "it ran twice")
    return run("parley", "update").splitlines()[0]


def reset() -> str:
    """Reset it by its door, and see that nothing is left of the one before."""
    (KEYS / "XAI_API_KEY").write_text("sk-of-the-one-before")
    own = STATE / ".config" / "parley" / "parley.toml"
    run("install", "-D", "-o", "parley", "-m", "600", "/dev/null", str(own))
    must((STATE / "transcripts.sqlite").exists(), "there is nothing to delete")
    was = pid(DAEMON)
    must("the keys" in run("parley", "reset", "--yes"), "it does not say what goes")
    until(lambda: shown(RESET, "Result") == "success" and shown(RESET, "InvocationID") != "", 60, "the reset")
    until(lambda: active(DAEMON) and pid(DAEMON) != was, 90, "that it runs anew")
    must(not any(KEYS.iterdir()), f"there are keys left: {list(KEYS.iterdir())}")
    must(SETTINGS.read_bytes() == EXAMPLE.read_bytes(), "the settings are not as on the first day")
    left = sorted(path.name for path in STATE.rglob("*"))
    must(not {"wants-reset", "parley.toml"} & set(left), f"left: {left}")
    must(active("parley-reset.path"), "nobody would come once more")
    (KEYS / "OPENAI_API_KEY").write_text("sk-of-the-next-one")
    return f"there is {', '.join(left)}"
