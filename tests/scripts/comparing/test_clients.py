"""The clients as processes, played by scripts of our own."""

import os
import sys
import time
from importlib import metadata

import pytest

from device.bench.result import BenchError
from scripts.comparing.clients import KINDS, Kind, Peers, Process

LASTS = """
import signal, sys, time
print(*sys.argv[1:], flush=True)
while time.process_time() < 0.1:  # the system counts in hundredths of a second
    pass
while True:
    signal.pause()
"""


@pytest.fixture
def peers(tmp_path):
    """The peers' environment, which has this Python."""
    (tmp_path / "venv/bin").mkdir(parents=True)
    python = tmp_path / "venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return Peers(tmp_path)


def client(peers, tmp_path, code, *arguments):
    module = tmp_path / "client.py"
    module.write_text(code)
    kind = Kind("a peer", "of ours", module=str(module), arguments=arguments)
    return Process(kind, "ws://here/", tmp_path, dict(os.environ), peers)


def soon(true):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_the_peers_it_is_said_how_to_get_them(tmp_path):
    with pytest.raises(BenchError, match="run scripts/compare, which makes it"):
        Peers(tmp_path)


def test_versions_are_those_of_each_clients_own_environment(peers):
    assert peers.version(KINDS[0]) == metadata.version("parley")
    assert peers.version(Kind("x", "y", module="x.py", package="numpy")) == metadata.version("numpy")


def test_a_peer_is_run_with_the_servers_address_and_what_it_is_given(peers, tmp_path):
    with client(peers, tmp_path, LASTS, "{peers}/demo.py", "--gate") as process:
        process.wait(5.0)
        soon(process.said)
        assert process.said() == f"ws://here/ {tmp_path}/demo.py --gate\n"
        assert process.alive
        soon(lambda: process.usage().cpu_s > 0)
        assert 1 < process.usage().memory_mb < 1000
        process.wake()
        assert process.alive, "it has no button"
    assert not process.alive
    assert process.usage().memory_mb == 0


def test_the_processes_of_its_own_count_with_it(peers, tmp_path):
    child = "import time; kept = b'1' * 200_000_000; time.sleep(60)"
    starts = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {child!r}])"
    ends = "signal.signal(signal.SIGINT, lambda *_: sys.exit(child.kill()))"
    with client(peers, tmp_path, f"import signal; {starts}; {ends}\n{LASTS}") as process:
        soon(lambda: process.usage().memory_mb > 200)


def test_one_that_takes_no_notice_of_its_end_is_killed(peers, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.comparing.clients.END_S", 0.2)
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('here', flush=True); signal.pause()"
    with client(peers, tmp_path, deaf) as process:
        soon(process.said)
    assert not process.alive


def test_a_script_goes_on_as_long_as_its_client_lives(peers, tmp_path):
    with client(peers, tmp_path, "print('out of work')") as process:
        soon(lambda: not process.alive)
        with pytest.raises(BenchError, match=r"a peer ended: .*out of work"):
            next(process.outliving(iter([None])))
    with client(peers, tmp_path, LASTS) as process:
        assert list(process.outliving(iter([None, None]))) == [None, None]


def test_parley_is_waited_for_and_woken_by_its_button(peers, tmp_path, monkeypatch):
    waits = (
        "import signal; signal.signal(signal.SIGUSR1, lambda *_: print('pressed', flush=True))\n"
        "print('Listening on a card', flush=True)\n"
        "while True: signal.pause()"
    )
    monkeypatch.setattr(sys, "executable", fake(tmp_path, waits))
    with Process(KINDS[0], "ws://here/", tmp_path, dict(os.environ), peers) as process:
        process.wait(30.0)
        process.wake()
        soon(lambda: "pressed" in process.said())
    assert 'url = "ws://here/"' in (tmp_path / "parley.toml").read_text()


def test_parley_that_ends_before_it_listens_is_told_with_what_it_said(peers, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", fake(tmp_path, "print('no such engine')"))
    with Process(KINDS[0], "ws://here/", tmp_path, dict(os.environ), peers) as process:
        soon(lambda: not process.alive)
        with pytest.raises(BenchError, match="Parley does not listen: no such engine"):
            process.wait(30.0)


def fake(folder, code):
    """Return a Python that runs `code`, whatever it is asked to."""
    (folder / "code.py").write_text(code)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/code.py"\n')
    python.chmod(0o755)
    return str(python)
