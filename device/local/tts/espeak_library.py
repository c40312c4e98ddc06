"""libespeak-ng.so.1, its `speak_lib.h` of API revision 12, and the one thread that owns it.

The library has one state a process, voice and rate included, and one callback. So one thread of this module works off
one piece of text after the other, whoever wants it spoken or its phonemes: a sentence takes a few milliseconds.
"""

from __future__ import annotations

import ctypes
import functools
import queue
import re
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from device.model_files.files import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBRARY = "libespeak-ng.so.1"
_SYNCHRONOUS, _BUFFER_MS, _DO_NOT_EXIT = 2, 40, 0x8000
"""`AUDIO_OUTPUT_SYNCHRONOUS`; a piece is so short that a reply begins and stops soon; `espeakINITIALIZE_DONT_EXIT`."""
_RATE, _UTF8, _IPA = 1, 1, 2
"""`espeakRATE`, `espeakCHARS_UTF8`, `espeakPHONEMES_IPA`."""
_GO_ON, _STOP = 0, 1
"""What the callback returns."""
_FOREIGN = re.compile(r"\([a-z][a-z-]*\)")
"""How the library marks a word that it says in another language: "(de)" before it, "(en)" after it."""


class VoiceError(ModelError):
    """There is no such voice, or no espeak-ng; the message names the fix."""


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


class Phonemes:
    """A piece of text of which the phonemes are wanted. `found` gets them, once."""

    def __init__(self, text: bytes, voice: bytes) -> None:
        self.text = text
        self.voice = voice
        self.found: queue.SimpleQueue[str] = queue.SimpleQueue()


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
        self._lib.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
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
        self.jobs: queue.SimpleQueue[Job | Phonemes] = queue.SimpleQueue()
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

    def phonemes(self, text: str, voice: bytes) -> str:
        """Return how a text is said by a voice that was resolved: IPA, words apart by spaces, no marks."""
        job = Phonemes(text.replace("\0", " ").encode(), voice)
        self.jobs.put(job)
        return job.found.get()

    def _work(self) -> None:
        state: tuple[bytes, int] | None = None
        while True:
            job = self.jobs.get()
            if isinstance(job, Phonemes):
                if state is None or state[0] != job.voice:
                    self._lib.espeak_SetVoiceByName(job.voice)
                    state = (job.voice, 0)  # the rate is the voice's own again
                job.found.put(self._phonemes(job.text))
            else:
                state = self._speak(job, state)
                if job.stopped:
                    self._phonemes(b".")  # or the clause that was broken off leaves a sound in the next one
            del job  # or its text and audio stay until the next one

    def _speak(self, job: Job, state: tuple[bytes, int] | None) -> tuple[bytes, int] | None:
        """Speak a job's text; return the voice and the rate that the library has now."""
        self._job = job
        if not job.stopped:
            if state != (job.voice, job.words_per_minute):
                self._lib.espeak_SetVoiceByName(job.voice)
                self._lib.espeak_SetParameter(_RATE, job.words_per_minute, 0)
                state = (job.voice, job.words_per_minute)
            self._lib.espeak_Synth(job.text, len(job.text) + 1, 0, 0, 0, _UTF8, None, None)
        self._job = None
        job.pieces.put(None)
        return state

    def _phonemes(self, text: bytes) -> str:
        """Return the phonemes of a text; the library gives them clause by clause, and moves the pointer on."""
        place = ctypes.c_void_p(ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p).value)
        said = []
        while place.value:
            said.append((self._lib.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA) or b"").decode())
        return " ".join(_FOREIGN.sub("", " ".join(said)).split())

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
