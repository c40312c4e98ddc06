"""What is spoken by a process of its own: here, by programs that behave in all ways."""

import sys

import numpy as np
import pytest

from device.daemon import reader as module
from device.daemon.reader import Reader


def reader(monkeypatch, program):
    reader = Reader()
    monkeypatch.setattr(reader, "_command", [sys.executable, "-c", program])
    return reader


SPEAKS = """
import sys
text = sys.stdin.buffer.read()
sys.stdout.buffer.write(b"16000\\n" + bytes([len(text), 0]) * 10 + b"x")
"""


async def test_a_text_is_spoken_by_a_process_that_is_given_it_where_nobody_sees_it(monkeypatch):
    spoken = await reader(monkeypatch, SPEAKS).speak("tea, öl")
    assert spoken.rate == 16_000
    assert np.array_equal(spoken.pcm, np.full(10, 8))


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; print('no voice', file=sys.stderr); sys.exit(1)", "no voice"),
        ("print('hello')", "not spoken"),
        ("print('0')", "not spoken"),
        ("", "not spoken"),
    ],
)
async def test_a_voice_that_fails_is_told(monkeypatch, caplog, program, told):
    assert await reader(monkeypatch, program).speak("tea") is None
    assert told in caplog.text


async def test_a_voice_that_hangs_is_ended(monkeypatch, caplog):
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    assert await reader(monkeypatch, "import sys, time; sys.stdin.read(); time.sleep(60)").speak("tea") is None
    assert "takes too long" in caplog.text


async def test_no_program_is_no_failure(monkeypatch, caplog):
    silent = reader(monkeypatch, "")
    monkeypatch.setattr(silent, "_command", ["/does/not/exist"])
    assert await silent.speak("tea") is None
    assert "not spoken" in caplog.text


def test_the_settings_file_is_handed_on(tmp_path):
    assert Reader(tmp_path / "parley.toml")._command[-1] == str(tmp_path / "parley.toml")  # noqa: SLF001
