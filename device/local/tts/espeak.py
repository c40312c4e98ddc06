"""The voice of espeak-ng, as a library (libespeak-ng.so.1, its `speak_lib.h` of API revision 12).

The library has one state a process, voice and rate included, and one callback. So one thread of this module owns it
and works off one piece of text after the other, whoever wants it spoken: a sentence takes a few milliseconds.
"""

from __future__ import annotations

import ctypes
import functools
import queue
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device.local.tts.plain import chunks, plain
from device.model_files.files import ModelError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

LIBRARY = "libespeak-ng.so.1"
SLOWEST: Final = 80
FASTEST: Final = 450
"""Words a minute that espeak-ng can do: `espeakRATE_MINIMUM` and `espeakRATE_MAXIMUM`."""
_SYNCHRONOUS, _BUFFER_MS, _DO_NOT_EXIT = 2, 40, 0x8000
"""`AUDIO_OUTPUT_SYNCHRONOUS`; a piece is so short that a reply begins and stops soon; `espeakINITIALIZE_DONT_EXIT`."""
_RATE, _UTF8 = 1, 1
"""`espeakRATE`, `espeakCHARS_UTF8`."""
_GO_ON, _STOP = 0, 1
"""What the callback returns."""
_PAUSE_S: Final = 0.18
"""Silence after a sentence; espeak-ng's own (0.34 s) makes the reply seem to go on."""
_DBFS: Final = -20.0
"""RMS level while speaking: loud on a small loudspeaker, and no peak of the voices of its test is clipped."""
_LOUD_DB: Final = 40
"""Frames so much below the loudest are not speaking."""
_CALIBRATION: Final = "The quick brown fox jumps over the lazy dog."


class VoiceError(ModelError):
    """There is no such voice, or no espeak-ng; the message names the fix."""


class EspeakVoice:
    """Speaks with an espeak-ng voice: a language or name with an optional variant, e.g. `en-gb`, `en-us+f3`.

    `rate` is that of the pieces, Hz. Any number of these share the library. Raises `VoiceError`.
    """

    def __init__(self, voice: str = "en-gb", words_per_minute: int = 165) -> None:
        self._library = library()
        self._voice = self._library.resolve(voice)
        self._words_per_minute = words_per_minute
        self.rate = self._library.rate
        self._pause = np.zeros(round(self.rate * _PAUSE_S), np.int16)
        spoken = np.concatenate([*self._synthesise(_CALIBRATION, _possible(words_per_minute)), self._pause])
        self._gain = 10 ** (_DBFS / 20) / _speaking_level(spoken, self.rate)

    def warm_up(self) -> None:
        """Do nothing: to measure the voice's level, it has spoken already."""

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` in pieces of about 40 ms, (n,) int16 mono at `rate`, about -20 dBFS.

        What cannot be spoken (emoji, markup) is left out. `speed` times the words a minute is kept within 80 and 450.
        The next piece may be asked for by another thread; closing stops the synthesis.
        """
        words_per_minute = _possible(self._words_per_minute * speed)
        for chunk in chunks(plain(text)):
            with closing(self._synthesise(chunk, words_per_minute)) as pieces:
                for piece in pieces:
                    yield np.clip(np.rint(piece * self._gain), -32768, 32767).astype(np.int16)
            yield self._pause.copy()

    def _synthesise(self, text: str, words_per_minute: int) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` at espeak-ng's own level; closing stops the synthesis."""
        job = Job(text.encode(), self._voice, words_per_minute)
        self._library.jobs.put(job)
        try:
            while (piece := job.pieces.get()) is not None:
                yield piece
        finally:
            job.stop()


class Job:
    """A piece of text to speak. `pieces` ends with None."""

    def __init__(self, text: bytes, voice: bytes, words_per_minute: int) -> None:
        self.text = text
        self.voice = voice
        self.words_per_minute = words_per_minute
        self.pieces: queue.SimpleQueue[NDArray[np.int16] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """True once nobody wants to hear it."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Let no more of it be spoken."""
        self._stopped.set()


class _VoiceStruct(ctypes.Structure):
    """`espeak_VOICE`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Library:
    """The loaded library and the thread that owns it: what is put into `jobs` is spoken in turn.

    Raises `VoiceError` if the library or its voices are missing.
    """

    def __init__(self) -> None:
        try:
            self._lib = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise VoiceError(f"{LIBRARY} is missing: `sudo apt install libespeak-ng1` ({error})") from error
        self.rate: int = self._lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, None, _DO_NOT_EXIT)
        if self.rate <= 0:
            raise VoiceError("espeak-ng finds no voices: `sudo apt install espeak-ng-data`")
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceStruct))
        self._lib.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            *[ctypes.c_uint] * 4,
            *[ctypes.c_void_p] * 2,
        ]
        self._voices = self._list_voices(None)
        self._variants = {name.decode().removeprefix("!v/") for _, _, name in self._list_voices(b"variant")}
        self._callback = _Callback(self._receive)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._job: Job | None = None  # what the callback's audio is for
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="espeak", daemon=True).start()

    def resolve(self, voice: str) -> bytes:
        """Return what the library knows a voice by; raise `VoiceError`."""
        base, _, variant = voice.partition("+")
        found = [
            (priority, identifier)
            for languages, name, identifier in self._voices
            for priority, known in [*languages, (0, name), (0, identifier)]
            if known.decode().lower() == base.lower()
        ]
        if not found:
            raise VoiceError(f'espeak-ng has no voice "{voice}": `espeak-ng --voices` lists those there are')
        if variant and variant not in self._variants:
            raise VoiceError(
                f'espeak-ng has no variant "{variant}" of a voice: `espeak-ng --voices=variant` lists those there are'
            )
        return min(found)[1] + (f"+{variant}".encode() if variant else b"")

    def _list_voices(self, language: bytes | None) -> list[tuple[list[tuple[int, bytes]], bytes, bytes]]:
        """Return (languages with their priorities, name, identifier) of each voice."""
        wanted = (
            ctypes.byref(_VoiceStruct(languages=ctypes.cast(ctypes.c_char_p(language), ctypes.c_void_p)))
            if language
            else None
        )
        listed, voices = self._lib.espeak_ListVoices(wanted), []
        n = 0
        while listed[n]:
            voice = listed[n].contents
            voices.append((_languages(voice.languages), voice.name, voice.identifier))
            n += 1
        return voices

    def _work(self) -> None:
        state: tuple[bytes, int] | None = None
        while True:
            job = self.jobs.get()
            self._job = job
            if not job.stopped:
                if state != (job.voice, job.words_per_minute):
                    self._lib.espeak_SetVoiceByName(job.voice)
                    self._lib.espeak_SetParameter(_RATE, job.words_per_minute, 0)
                    state = (job.voice, job.words_per_minute)
                self._lib.espeak_Synth(job.text, len(job.text) + 1, 0, 0, 0, _UTF8, None, None)
            self._job = None
            job.pieces.put(None)
            del job  # or its text and audio stay until the next one

    def _receive(self, samples: Any, count: int, _events: Any) -> int:
        job = self._job
        if job is None or job.stopped:
            return _STOP
        if samples and count > 0:
            job.pieces.put(np.ctypeslib.as_array(samples, (count,)).copy())
        return _GO_ON


@functools.cache
def library() -> Library:
    """Return the library of this process, loaded once. Raises `VoiceError`."""
    return Library()


def _languages(address: int | None) -> list[tuple[int, bytes]]:
    """Read a voice's languages: each a byte of priority (low is good) and a C string, until a zero byte."""
    languages = []
    while address and (priority := ctypes.c_ubyte.from_address(address).value):
        name = ctypes.string_at(address + 1)
        languages.append((priority, name))
        address += len(name) + 2
    return languages


def _possible(words_per_minute: float) -> int:
    return min(FASTEST, max(SLOWEST, round(words_per_minute)))


def _speaking_level(speech: NDArray[np.int16], rate: int) -> float:
    """Return the RMS, 0 to 1, of the frames of 20 ms that are within `_LOUD_DB` of the loudest."""
    size = rate // 50
    frames = speech[: len(speech) // size * size].reshape(-1, size).astype(np.float64) / 32768
    energy = np.mean(frames**2, axis=1)
    return float(np.sqrt(np.mean(energy[energy > energy.max() * 10 ** (-_LOUD_DB / 10)])))
