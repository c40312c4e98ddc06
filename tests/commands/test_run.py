"""`parley run` until the assistant is there: what keeps it from starting, and what a factory reset comes to."""

import os
import signal
import socket
import sys

import pytest

from device.audio.card.base import CardError
from device.commands import run as module
from device.daemon import wait_for_card
from device.system import lock
from device.system.paths import state_dir


@pytest.fixture(autouse=True)
def _own_signals():
    """Leave the signals of whoever runs the tests as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def no_card(monkeypatch):
    def none(*_args, **_kwargs):
        raise CardError("no microphone was found: hear Parley without one: ./scripts/run demo")

    monkeypatch.setattr(wait_for_card, "ProcessCard", none)


def test_settings_that_are_wrong_name_key_and_file(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engine = "locla"\n[wake]\nthreshhold = 0.5\n')
    result = parley("run", "--config", str(config))
    assert result.exit_code == 1
    assert "engine" in result.output
    assert "wake.threshhold" in result.output
    assert str(config) in result.output


def test_an_engine_without_its_key_says_where_to_put_it(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engines = "openai"\n')
    result = parley("run", "--config", str(config))
    assert result.exit_code == 1
    assert "OPENAI_API_KEY" in result.output


def test_without_a_card_run_offers_the_demo_in_one_line(parley, no_card):
    result = parley("run")
    assert result.exit_code == 1
    assert result.output == "parley: no microphone was found: hear Parley without one: ./scripts/run demo\n"


def test_what_keeps_a_service_from_starting_is_its_status(parley, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        assert parley("run", "--config", str(tmp_path / "none.toml")).exit_code == 1
        told = manager.recv(4096).decode()
    assert told == f"STATUS=Cannot start: {tmp_path}/none.toml: cannot be read: No such file or directory"


def test_a_second_assistant_gives_way_and_says_how_to_stop_the_first(parley, no_card):
    held = lock.take()
    try:
        result = parley("run")
    finally:
        held.close()
    assert (result.exit_code, result.output) == (1, f"parley: {lock.already_running(os.getpid())}\n")
    assert "no microphone" in parley("run").output, "once the first has ended, it may run"


def test_a_folder_that_cannot_be_made_is_named(parley, no_card, tmp_path):
    (tmp_path / "file").touch()
    result = parley("run", "--out", str(tmp_path / "file" / "out"))
    assert result.exit_code == 1
    assert result.output == f"parley: --out {tmp_path}/file/out: Not a directory\n"


@pytest.mark.parametrize(("ending", "stays"), [("reset", False), ("again", True)])
def test_after_a_factory_reset_and_for_new_settings_it_starts_anew_as_it_was_started(
    parley, monkeypatch, ending, stays
):
    async def resetting(*_):
        return ending

    started = []
    monkeypatch.setattr(module, "be_assistant", resetting)
    monkeypatch.setattr(os, "execv", lambda program, arguments: started.append((program, arguments)))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "device", "run"])
    kept = state_dir() / "costs.sqlite"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert parley("run").exit_code == 0
    assert started == [(sys.executable, [sys.executable, "-m", "device", "run"])]
    assert kept.exists() is stays


@pytest.mark.parametrize("heard", [True, False])
def test_root_is_asked_for_its_part_of_a_factory_reset_before_all_else_goes(parley, monkeypatch, tmp_path, heard):
    async def resetting(*_):
        return "reset"

    state = state_dir()
    state.mkdir(parents=True)
    (state / "costs.sqlite").touch()
    monkeypatch.setattr(module, "be_assistant", resetting)
    monkeypatch.setattr(module.asks, "heard", lambda mark: heard)
    monkeypatch.setattr(module.asks, "ask", lambda mark: (state / mark).write_text(str(len(list(state.iterdir())))))
    monkeypatch.setattr(os, "execv", lambda *_: None)
    assert parley("run").exit_code == 0
    left = {path.name: path.read_text() for path in state.iterdir()}
    assert left == ({"wants-reset": "2"} if heard else {}), "the lock and the costs were there still"
