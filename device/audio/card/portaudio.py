"""PortAudio as PyAudio gives it, started and stopped, with what PyAudio leaves out and with less noise."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING

import pyaudio

from device.audio.card.base import CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

M_PERTURB = -6
"""Of malloc.h: what mallopt(3) calls the option."""

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
        _hush_alsa()
        try:
            return pyaudio.PyAudio()
        except OSError as error:
            raise CardError(f"PortAudio does not start: {error}") from error


def stop(audio: pyaudio.PyAudio) -> None:
    """Terminate PortAudio, closing the streams that were opened with it."""
    with _library, quiet:
        audio.terminate()


def ask_latency(index: int, seconds: float) -> None:
    """Have the next stream on the device `index` ask for a buffer of this length in each direction.

    PyAudio has no argument for it: it asks for the default that PortAudio keeps in its table of devices, so the
    table is changed (`PaDeviceInfo` of portaudio.h, unchanged since version 19 began).
    """
    # Looked up through PyAudio's own module, so that it is the very library that PyAudio uses.
    library = ctypes.CDLL(pyaudio.pa.__file__)
    library.Pa_GetDeviceInfo.restype = ctypes.POINTER(_DeviceInfo)
    info = library.Pa_GetDeviceInfo(index)
    if info and info.contents.struct_version == 2:
        info.contents.low_input_latency = seconds
        info.contents.low_output_latency = seconds


class _DeviceInfo(ctypes.Structure):
    _fields_ = (
        ("struct_version", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("host_api", ctypes.c_int),
        ("max_input_channels", ctypes.c_int),
        ("max_output_channels", ctypes.c_int),
        ("low_input_latency", ctypes.c_double),
        ("low_output_latency", ctypes.c_double),
    )


@contextlib.contextmanager
def zeroed_memory() -> Iterator[None]:
    """Let malloc hand out zeros during the block.

    PortAudio 19.6 plays its output buffer before the microphone's first block has come, and has not written to it
    by then (PaUtil_SetNoInput leaves a frame count of 0; seen with ALSA's pulse plugin). What is heard is whatever
    the process kept in that memory, at full volume. glibc fills new memory with the complement of M_PERTURB.
    """
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", lambda *_: None)  # another C library may have none
    mallopt(M_PERTURB, 0xFF)
    try:
        yield
    finally:
        mallopt(M_PERTURB, 0)


def _ignore(*_: object) -> None:
    """Stand in for ALSA's error handler, which writes to stderr."""


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
# Kept for good, since ALSA keeps only its address.
_IGNORE = _HANDLER(_ignore)


def _hush_alsa() -> None:
    """Keep ALSA from complaining about every device that might have been there."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_IGNORE)


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
