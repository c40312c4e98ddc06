"""Hearing "stop" while a timer rings, on the device itself: also asleep, when no session is open."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from device import models
from device.events import CLOCK_RATE, Voice, VoiceEnd, samples

if TYPE_CHECKING:
    from device.audio.ring import RingBuffer
    from device.listen.recognise import Moonshine
    from device.settings import Settings

log = logging.getLogger(__name__)

EVERY_MS = 480
"""How often a voice that goes on is looked at."""
LONGEST = samples(4000)
"""Most audio that is looked at."""


def stop_words(language: str) -> frozenset[str]:
    """Return the words that stop a ringing timer, lower case; the English ones for a language without its own."""
    table = tomllib.loads(files("device.data").joinpath("stopwords.toml").read_text("utf-8"))
    return frozenset(table.get(language.split("-", maxsplit=1)[0], table["en"])["stop"])


class StopWord:
    """Recognises stop words in the voices that are heard while it is wanted.

    The recogniser takes 0.2 s and 100 MB, so it is loaded when first wanted and dropped afterwards.
    """

    def __init__(self, settings: Settings, clean: RingBuffer) -> None:
        self.wanted = False
        """Whether somebody waits for a stop word: while a timer rings."""
        self._directory = settings.models_dir
        self._words = stop_words(settings.language)
        self._clean = clean
        self._recogniser: Moonshine | None = None
        self._busy = asyncio.Lock()
        self._looked_at = 0

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Begin or end to listen for stop words."""
        self.wanted = wanted
        if not wanted:
            self._drop()

    async def heard(self, event: Voice | VoiceEnd) -> bool:
        """Return whether the voice of `event` said a stop word; False when there is nothing to do."""
        if not self._due(event):
            return False
        async with self._busy:
            text = await self._words_of(event)
        return self.wanted and not self._words.isdisjoint(re.findall(r"[\w']+", text.lower()))

    def _due(self, event: Voice | VoiceEnd) -> bool:
        if not self.wanted:
            return False
        if isinstance(event, VoiceEnd):
            return True
        soon = event.at < self._looked_at + samples(EVERY_MS)
        return event.voiced_ms >= EVERY_MS and not soon and not self._busy.locked()

    async def _words_of(self, event: Voice | VoiceEnd) -> str:
        if not self.wanted:  # any more: it waited for its turn
            return ""
        self._looked_at = event.at
        try:
            return await asyncio.to_thread(self._recognise, event.onset, event.at)
        except models.ModelError as error:
            log.warning("A ringing timer cannot be stopped by voice: %s", error)
            return ""
        finally:
            self.want(self.wanted)  # if the ringing has ended, what was loaded meanwhile is dropped too

    def _drop(self) -> None:
        self._recogniser = None
        asyncio.get_running_loop().run_in_executor(None, _give_memory_back)

    def _recognise(self, onset: int, end: int) -> str:
        from device.listen.recognise import load_moonshine  # noqa: PLC0415 - costs memory, and few timers ring

        recogniser = self._recogniser = self._recogniser or load_moonshine(self._directory)
        start = max(onset - CLOCK_RATE // 4, end - LONGEST, 0)
        return recogniser.transcribe(self._clean.cursor(start).take(end - start))


def _give_memory_back() -> None:
    """Return what was freed to the system: glibc keeps most of the 100 MB that a recogniser took."""
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
