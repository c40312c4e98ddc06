"""`parley run` as a process that is watched and stopped, played by small programs."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.bench.result import BenchError
from device.bench.stalls import device
from device.bench.stalls.device import Device, family, stop

SAYS = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: sys.stderr.write("pressed\\n"))
signal.signal(signal.SIGINT, lambda *_: sys.exit())
print("Listening on a card")
while True:
    signal.pause()
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
child.wait()
"""


def soon(true):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def parent():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        yield process.pid
        for pid in reversed(family(process.pid)):
            os.kill(pid, 9)


def test_a_family_is_a_process_and_what_it_has_started(parent):
    found = family(parent)
    assert found[0] == parent
    assert len(found) == 2


def test_all_of_it_stands_while_it_is_stopped_and_goes_on_then(parent, monkeypatch):
    seen = []
    monkeypatch.setattr(device.time, "sleep", lambda s: seen.append((s, [state_of(pid) for pid in family(parent)])))
    began, ended = stop([parent], 150.0)
    monkeypatch.undo()
    assert seen == [(0.15, ["T", "T"])]
    assert began <= ended
    soon(lambda: {state_of(pid) for pid in family(parent)} == {"S"})


def run(monkeypatch, folder, code):
    monkeypatch.setattr(device, "COMMAND", (sys.executable, "-c", code))
    return Device(folder, dict(os.environ), "ws://here", "models")


def test_it_is_waited_for_and_its_button_pressed(monkeypatch, tmp_path):
    with run(monkeypatch, tmp_path, SAYS) as process:
        process.wait()
        process.press()
        soon(lambda: process.said() == "pressed")
        assert process.alive
    assert not process.alive
    settings = (tmp_path / "parley.toml").read_text()
    assert 'url = "ws://here"' in settings
    assert 'models_dir = "models"' in settings


def test_its_ledger_is_read_as_it_grows(monkeypatch, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with run(monkeypatch, tmp_path, SAYS) as process:
        process.read()
        assert (process.entries, process.state) == ([], "")
        lines = [{"t": 1.0, "event": "state", "state": "listening"}, {"t": 2.0, "event": "cut", "why": "stop"}]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        ledger.write_text(text[:-5])
        process.read()
        assert [entry.event for entry in process.entries] == ["state"]
        ledger.write_text(text)
        process.read()
    assert [entry.event for entry in process.entries] == ["state", "cut"]
    assert process.entries[1].fields == {"t": 2.0, "why": "stop"}
    assert process.state == "listening"


def test_one_that_does_not_listen_is_told_with_what_it_said(monkeypatch, tmp_path):
    with (
        run(monkeypatch, tmp_path, "import sys; sys.exit('no card')") as process,
        pytest.raises(BenchError, match=r"does not listen: (no card|it said nothing)"),
    ):
        process.wait()
