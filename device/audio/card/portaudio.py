"""PortAudio as PyAudio gives it, which knows the devices and their rates: started, stopped, and with less noise."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING

import pyaudio

from device.audio.card.base import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Pa_Initialize and Pa_Terminate are not safe to call from two threads at once.
_library = threading.Lock()


@contextlib.contextmanager
def session() -> Iterator[pyaudio.PyAudio]:
    """PortAudio, initialised for the length of a block. Raises CardError."""
    audio = start()
    try:
        yield audio
    finally:
        stop(audio)


def start() -> pyaudio.PyAudio:
    """Initialise PortAudio, which looks for devices unless it is in use already. Raises CardError."""
    with _library, quiet:
        _prepare_alsa()
        try:
            return pyaudio.PyAudio()
        except OSError as error:
            raise CardError(f"PortAudio does not start: {error}") from error


def stop(audio: pyaudio.PyAudio) -> None:
    """Terminate PortAudio, closing the streams that were opened with it."""
    with _library, quiet:
        audio.terminate()


def _ignore(*_: object) -> None:
    """Stand in for ALSA's error handler, which writes to stderr."""


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
# Kept for good, since ALSA keeps only its address.
_IGNORE = _HANDLER(_ignore)


def _prepare_alsa() -> None:
    """Keep ALSA from complaining about every device that might have been there, and let it read its configuration.

    PortAudio lists what ALSA has read at some time, though the file or the card may be another by now.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libasound.so.2")
        library.snd_lib_error_set_handler(_IGNORE)
        library.snd_config_update()


class _Quiet:
    """Keeps libraries in C from writing to stderr: PortAudio and JACK tell there what they tell by return codes too.

    The C library's `stderr` is pointed elsewhere; the file descriptor, and so Python's log, is left alone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        library = ctypes.CDLL(None)
        library.fopen.restype = ctypes.c_void_p
        self._nowhere = library.fopen(b"/dev/null", b"w")
        self._stderr = ctypes.c_void_p.in_dll(library, "stderr")
        self._real = self._stderr.value

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            self._stderr.value = self._nowhere

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if not self._depth:
                self._stderr.value = self._real


quiet = _Quiet()
"""To be entered around calls of PortAudio that look for devices or open them; from any thread."""
