"""What PyAudio leaves out, tried on the real libraries."""

import ctypes
import sys

import pyaudio
import pytest

from device.audio.card import portaudio
from device.audio.card.base import CardError
from device.audio.card.portaudio import quiet, session

LIBC = ctypes.CDLL(None)


def complain():
    """Write to stderr as a library in C does."""
    LIBC.perror(b"complaint")


def test_what_libraries_say_meanwhile_is_not_heard_and_afterwards_it_is(capfd):
    with quiet:
        complain()
        with quiet:
            complain()
        complain()
        sys.stderr.write("the log\n")
    assert capfd.readouterr().err == "the log\n"
    complain()
    assert capfd.readouterr().err.startswith("complaint")


def test_stderr_comes_back_after_a_failure(capfd):
    with pytest.raises(ZeroDivisionError), quiet:
        raise ZeroDivisionError
    complain()
    assert "complaint" in capfd.readouterr().err


def test_a_session_ends_with_its_block(monkeypatch):
    stopped = []
    monkeypatch.setattr(portaudio, "stop", stopped.append)
    with pytest.raises(ZeroDivisionError), session() as audio:
        raise ZeroDivisionError
    assert stopped == [audio]
    monkeypatch.undo()
    portaudio.stop(audio)


def test_a_portaudio_that_does_not_start_is_the_card_s_error(monkeypatch):
    def fail():
        raise OSError("no host API")

    monkeypatch.setattr(pyaudio, "PyAudio", fail)
    with pytest.raises(CardError, match=r"^PortAudio does not start: no host API$"), session():
        pass
