"""Hearing "stop" while a timer rings, on the device itself: also asleep, when no session is open."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from device.conversation.events import Voice, VoiceEnd
from device.listen.lexicon import lexica, lexicon, words
from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.listen.shared_recogniser import SharedRecogniser

log = logging.getLogger(__name__)

EVERY_MS = 480
"""How often a voice that goes on is transcribed: about as long as a "stop" lasts. Oftener costs more CPU, more seldom
lets it ring on."""
LONGEST = samples(4000)
"""Most audio that is transcribed: the cost grows with it, and who speaks for longer says "stop" at the end."""


def stop_words(language: str) -> frozenset[str]:
    """Return the words that stop a ringing timer, lower case; in other languages the English ones too.

    For the recogniser writes what it hears as English: "stopp" as "stop".
    """
    own, english = lexicon(language), lexica()["en"]
    return own.stop | english.stop if own else english.stop


class StopWord:
    """Recognises stop words in the voices that are heard while it is wanted."""

    def __init__(self, language: str, clean: RingBuffer, recogniser: SharedRecogniser) -> None:
        self.wanted = False
        """Whether somebody waits for a stop word: while a timer rings."""
        self._words = stop_words(language)
        self._clean = clean
        self._recogniser = recogniser
        self._recognising = 0
        self._recognised_at = 0

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Begin or end to listen for stop words."""
        self.wanted = wanted
        self._recogniser.want("stop word", wanted)

    async def heard(self, event: Voice | VoiceEnd) -> bool:
        """Return whether the voice of `event` said a stop word; False when there is nothing to do."""
        if not self._due(event):
            return False
        self._recognised_at = event.at
        self._recognising += 1
        try:
            text = await self._recogniser.use(lambda recogniser: recogniser.transcribe(self._audio(event)))
        except ModelError as error:
            log.warning("A ringing timer cannot be stopped by voice: %s", error)
            return False
        finally:
            self._recognising -= 1
        return self.wanted and not self._words.isdisjoint(words(text or ""))

    def _due(self, event: Voice | VoiceEnd) -> bool:
        if not self.wanted:
            return False
        if isinstance(event, VoiceEnd):
            return True
        soon = event.at < self._recognised_at + samples(EVERY_MS)
        return event.voiced_ms >= EVERY_MS and not soon and not self._recognising

    def _audio(self, event: Voice | VoiceEnd) -> NDArray[np.int16]:
        start = max(event.onset - CLOCK_RATE // 4, event.at - LONGEST, 0)
        return self._clean.cursor(start).take(event.at - start)
