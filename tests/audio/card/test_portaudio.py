"""What PyAudio leaves out, tried on the real libraries."""

import ctypes
import sys

import pyaudio
import pytest

from device.audio.card import portaudio
from device.audio.card.base import CardError
from device.audio.card.devices import choose, list_devices
from device.audio.card.portaudio import ask_latency, quiet, session, zeroed_memory

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype, LIBC.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
LIBC.free.argtypes = [ctypes.c_void_p]


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


def dirty(size):
    """Return memory that malloc hands out, after it was written to and given back."""
    first = LIBC.malloc(size)
    ctypes.memset(first, 0x55, size)
    LIBC.free(first)
    again = LIBC.malloc(size)
    content = ctypes.string_at(again, size)
    LIBC.free(again)
    return content


def test_memory_is_zeroed_during_the_block_only():
    with zeroed_memory():
        assert not any(dirty(3000))
    assert any(dirty(3000))


def test_zeroed_memory_ends_with_a_failure():
    with pytest.raises(ZeroDivisionError), zeroed_memory():
        raise ZeroDivisionError
    assert any(dirty(3000))


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


def test_a_latency_that_was_asked_for_is_the_device_s_default_from_then_on(pulse):
    device = choose(list_devices(), "Loopback", "output")
    with session() as audio:
        index = next(
            i for i in range(audio.get_device_count()) if audio.get_device_info_by_index(i)["name"] == device.name
        )
        ask_latency(index, 0.123)
        info = audio.get_device_info_by_index(index)
        assert info["defaultLowInputLatency"] == pytest.approx(0.123)
        assert info["defaultLowOutputLatency"] == pytest.approx(0.123)
        ask_latency(9999, 0.5)  # there is none of this number
