"""`parley run` as a process, played by a Python that says what it would say."""

import contextlib
import os
from pathlib import Path

import pytest

from device.bench import assistant
from device.bench.assistant import Assistant, card
from device.bench.result import BenchError

LISTENS = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(print("ended", file=sys.stderr)))
print("Loading\\nListening on a card", flush=True)
while True:
    signal.pause()
"""


def playing(code):
    return Assistant(None, None, "-c", code)


def test_it_is_waited_for_until_it_listens_though_it_says_more_in_one_breath():
    with playing(LISTENS) as process:
        assert 0 < process.listens_after() < 60
        said = process.end()
    assert said == "ended"


def test_its_card_s_process_is_known_by_what_it_runs():
    code = "import time; print(flush=True); time.sleep(60)"
    child = f"subprocess.Popen([sys.executable, '-c', {code!r}, {{!r}}], stdout=subprocess.PIPE)"
    starts = f"others = {child.format('other')}; card = {child.format(assistant.CARD)}; card.stdout.readline()"
    # Blocked before it says that it listens: else the signal may come before it is waited for, and its children stay.
    blocks = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])"
    waits = "print('Listening on', card.pid, flush=True); signal.sigwait([signal.SIGINT]); card.kill(); others.kill()"
    with playing(f"import signal, subprocess, sys; {starts}; {blocks}; {waits}") as process:
        process.listens_after()
        command = Path(f"/proc/{process.card_pid}/cmdline").read_text()
    assert assistant.CARD in command.split("\0")


def test_one_without_a_process_for_its_card_is_told_of():
    with playing(LISTENS) as process:
        process.listens_after()
        with pytest.raises(BenchError, match="no process for its sound card"):
            _ = process.card_pid


def test_its_button_is_pressed_by_a_signal():
    waits = "import signal, sys; signal.signal(signal.SIGUSR1, lambda *_: sys.exit('pressed')); "
    with playing(waits + "print('Listening on a card', flush=True); signal.pause()") as process:
        process.listens_after()
        process.press()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.end() == "pressed"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit('no card')", "no card"),
        ("print('Loading')", "it said nothing"),
    ],
)
def test_one_that_ends_before_it_listens_is_told_with_what_it_said(code, why):
    with playing(code) as process, pytest.raises(BenchError, match=f"the assistant does not listen: {why}"):
        process.listens_after()


def test_one_that_never_listens_is_ended(monkeypatch):
    monkeypatch.setattr(assistant, "TIMEOUT_S", 0.0)
    with playing("import time; time.sleep(60)") as process, pytest.raises(BenchError, match="does not listen"):
        process.listens_after()


def test_it_is_run_with_the_settings_file_that_it_is_given(tmp_path):
    code = "import sys; print('Listening on', sys.argv[1:], file=sys.stdout, flush=True); sys.exit(str(sys.argv[1:]))"
    with Assistant(tmp_path / "a.toml", None, "-c", code) as process:
        process.listens_after()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.end() == str(["-m", "device", "run", "--config", str(tmp_path / "a.toml")])


@pytest.mark.parametrize(
    ("devices", "what", "environment"),
    [(["a card"], "this machine's sound card", None), ([], "a PulseAudio server stands in for it", {"A": "B"})],
)
def test_a_sound_server_stands_in_for_a_card_that_is_not_there(monkeypatch, devices, what, environment):
    @contextlib.contextmanager
    def sound_server():
        yield {"A": "B"}

    monkeypatch.setattr(assistant, "list_devices", lambda: devices)
    monkeypatch.setattr(assistant, "sound_server", sound_server)
    with card() as (told, used):
        assert what in told
        assert used == environment
