"""The voices of SVOX Pico, as a library: that of Debian's `libttspico-utils`, after its `picoapi.h`.

They are of 2009, Apache-2.0, and small: six voices of five languages, which take 2.5 MB of memory. On a core of a PC, a
sentence takes a fortieth of the time that it lasts.
"""

from __future__ import annotations

import ctypes
import functools
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from device.local.tts.espeak_library import VoiceError
from device.local.tts.level import CALIBRATION, gain_for, samples
from device.local.tts.plain import chunks
from device.local.tts.spoken import Spoken

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

LIBRARY: Final = "libttspico.so.0"
FOLDER: Final = Path("/usr/share/pico/lang")
INSTALL: Final = "add non-free to the components of Debian in apt's sources, then: sudo apt install libttspico-utils"
NOTICE: Final = "What Pico's voices were made from was never published: Debian has them in its section non-free."
"""Of their licence."""
RATE: Final = 16_000
USUAL: Final = 165
"""Words a minute that it speaks by itself, about; its speed is a percentage of that."""
SLOWEST, FASTEST = 20, 500
"""Per cent, of its own limits."""
_MEMORY: Final = 2_500_000
"""Bytes: what `pico2wave` gives it."""
_VOICE: Final = b"parley"
_BUSY, _IDLE = 201, 200
"""`PICO_STEP_BUSY`, `PICO_STEP_IDLE`."""
_STEP: Final = 128
"""Bytes of speech that it makes at once: 4 ms."""
_PIECE_S: Final = 0.04
_LONGEST_NAME: Final = 32
_MARKUP: Final = str.maketrans("<>&", "   ")
"""What would be read as markup."""


class _Files(Struct, frozen=True):
    """What a voice is made of, below `FOLDER`."""

    text: str
    signal: str


VOICES: Final = {
    "de-DE": _Files("de-DE_ta.bin", "de-DE_gl0_sg.bin"),
    "en-GB": _Files("en-GB_ta.bin", "en-GB_kh0_sg.bin"),
    "en-US": _Files("en-US_ta.bin", "en-US_lh0_sg.bin"),
    "es-ES": _Files("es-ES_ta.bin", "es-ES_zl0_sg.bin"),
    "fr-FR": _Files("fr-FR_ta.bin", "fr-FR_nk0_sg.bin"),
    "it-IT": _Files("it-IT_ta.bin", "it-IT_cm0_sg.bin"),
}
"""Those that there are: one a language, and two of English."""


class PicoVoice:
    """Speaks with a voice of `VOICES`. `rate` is that of the pieces, Hz.

    What is written is said in words of `language`. Any number of these may speak at once: each text has an engine of
    its own, which takes less than a millisecond to begin. Raises `VoiceError`.
    """

    def __init__(self, voice: str, words_per_minute: int = USUAL, language: str = "") -> None:
        self._files = _files(voice)
        self._library = library()
        self._spoken = Spoken(language)
        self._percent = 100 * words_per_minute / USUAL
        self.rate = RATE
        self._gain = 1.0
        self._gain = gain_for(np.concatenate([np.zeros(1), *self._synthesise(CALIBRATION, 1.0)]) / 32768, RATE)

    def warm_up(self) -> None:
        """Do nothing: to measure the voice's level, it has spoken already."""

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` in pieces of about 40 ms, (n,) int16 mono at `rate`, about -20 dBFS.

        What cannot be spoken (emoji, markup) is left out. The next piece may be asked for by another thread; closing
        stops the synthesis.
        """
        for chunk in chunks(self._spoken.say(text)):
            with closing(self._synthesise(chunk, speed)) as pieces:
                for piece in pieces:
                    yield samples(piece * (self._gain / 32768))

    def _synthesise(self, text: str, speed: float) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` at Pico's own level."""
        percent = min(FASTEST, max(SLOWEST, round(self._percent * speed)))
        marked = f'<speed level="{percent}">{text.translate(_MARKUP)}</speed>'
        with closing(_Engine(self._library, self._files)) as engine:
            yield from engine.speech(marked.encode() + b"\0")


class _Engine:
    """A system of Pico's with one voice."""

    def __init__(self, lib: Any, files: _Files) -> None:
        self._lib = lib
        self._memory = ctypes.create_string_buffer(_MEMORY)
        self._system = ctypes.c_void_p()
        self._engine = ctypes.c_void_p()
        self._check(lib.pico_initialize(self._memory, _MEMORY, ctypes.byref(self._system)))
        try:
            self._load(files)
        except VoiceError:
            self.close()
            raise

    def _load(self, files: _Files) -> None:
        lib, system = self._lib, self._system
        self._check(lib.pico_createVoiceDefinition(system, _VOICE))
        for name in (files.text, files.signal):
            resource, called = ctypes.c_void_p(), ctypes.create_string_buffer(_LONGEST_NAME)
            self._check(lib.pico_loadResource(system, str(FOLDER / name).encode(), ctypes.byref(resource)))
            self._check(lib.pico_getResourceName(system, resource, called))
            self._check(lib.pico_addResourceToVoiceDefinition(system, _VOICE, called.value))
        self._check(lib.pico_newEngine(system, _VOICE, ctypes.byref(self._engine)))

    def _check(self, status: int) -> None:
        if status:
            raise VoiceError(
                f"Pico's voice cannot be used (error {status}): sudo apt install --reinstall libttspico-data"
            )

    def speech(self, text: bytes) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for UTF-8 that ends with a zero byte."""
        put, got, kind = ctypes.c_int16(), ctypes.c_int16(), ctypes.c_int16()
        buffer, made = ctypes.create_string_buffer(_STEP), bytearray()
        while text:
            self._check(self._lib.pico_putTextUtf8(self._engine, text, len(text), ctypes.byref(put)))
            text = text[put.value :]
            status = _BUSY
            while status == _BUSY:
                status = self._lib.pico_getData(self._engine, buffer, _STEP, ctypes.byref(got), ctypes.byref(kind))
                made += buffer.raw[: got.value]
                if len(made) >= 2 * RATE * _PIECE_S:
                    yield np.frombuffer(bytes(made), np.int16)
                    made.clear()
            if status != _IDLE:
                self._check(status)
        if made:
            yield np.frombuffer(bytes(made), np.int16)

    def close(self) -> None:
        """Give back what it holds; harmless when repeated."""
        if self._system:
            self._lib.pico_terminate(ctypes.byref(self._system))
            self._system = ctypes.c_void_p()


def check(voice: str) -> None:
    """Raise `VoiceError`, with the fix, if a voice cannot speak here."""
    _files(voice)
    library()


def megabytes(voice: str) -> float:
    """Return how large the files of a voice are; 0 if it cannot speak here."""
    try:
        check(voice)
    except VoiceError:
        return 0.0
    files = VOICES[voice]
    return sum((FOLDER / name).stat().st_size for name in (files.text, files.signal)) / 1e6


def _files(voice: str) -> _Files:
    files = VOICES.get(voice)
    if files is None:
        named = f'has no voice "{voice}"' if voice else "has no voice of the language"
        raise VoiceError(f"Pico {named}: give one of {', '.join(VOICES)}")
    missing = [name for name in (files.text, files.signal) if not (FOLDER / name).is_file()]
    if missing:
        raise VoiceError(f"{FOLDER / missing[0]} is missing: {INSTALL}")
    return files


@functools.cache
def library() -> Any:
    """Return the loaded library. Raises `VoiceError`, with the fix."""
    try:
        lib = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise VoiceError(f"{LIBRARY} is missing: {INSTALL} ({error})") from error
    pointer, text, short = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int16
    lib.pico_initialize.argtypes = [pointer, ctypes.c_uint32, pointer]
    lib.pico_terminate.argtypes = [pointer]
    lib.pico_loadResource.argtypes = [pointer, text, pointer]
    lib.pico_getResourceName.argtypes = [pointer, pointer, pointer]
    lib.pico_createVoiceDefinition.argtypes = [pointer, text]
    lib.pico_addResourceToVoiceDefinition.argtypes = [pointer, text, text]
    lib.pico_newEngine.argtypes = [pointer, text, pointer]
    lib.pico_putTextUtf8.argtypes = [pointer, text, short, pointer]
    lib.pico_getData.argtypes = [pointer, pointer, short, pointer, pointer]
    return lib
