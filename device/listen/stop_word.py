"""Hearing "stop" and "snooze" while something rings, on the device itself: also asleep, when no session is open."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from device.conversation.events import Voice, VoiceEnd
from device.listen.lexicon import lexica, lexicon, words
from device.listen.snooze_phrases import snoozed_minutes
from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.listen.moonshine import Moonshine
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


STOP = 0
"""What was said: to ring no more. Any other number is that of the minutes after which to ring again."""


class StopWord:
    """Recognises stop words, and what puts off, in the voices that are heard while it is wanted."""

    def __init__(self, language: str, clean: RingBuffer, recogniser: SharedRecogniser) -> None:
        self.wanted = False
        """Whether somebody waits for a stop word: while a timer rings."""
        self._language = language
        self._words = stop_words(language)
        self._clean = clean
        self._recogniser = recogniser
        self._recognising = 0
        self._recognised_at = 0

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Begin or end to listen for stop words."""
        self.wanted = wanted
        self._recogniser.want("stop word", wanted)

    async def heard(self, event: Voice | VoiceEnd, *, snooze: bool = True) -> int | None:
        """Return what the voice of `event` said, `STOP` or, to `snooze`, for how many minutes; None if it was neither.

        Where nothing is to be put off, the voice is not looked at a second time for it.
        """
        if not self._due(event):
            return None
        self._recognised_at = event.at
        self._recognising += 1
        try:
            said = await self._recogniser.use(lambda recogniser: self._said(recogniser, event, snooze=snooze))
        except ModelError as error:
            log.warning("A ringing timer cannot be stopped by voice: %s", error)
            return None
        finally:
            self._recognising -= 1
        return said if self.wanted else None

    def _said(self, recogniser: Moonshine, event: Voice | VoiceEnd, *, snooze: bool) -> int | None:
        from device.listen.moonshine import EXPECTED  # noqa: PLC0415 - loaded by now, and never where nothing rings

        audio = self._audio(event)
        text = recogniser.transcribe(audio)
        if not self._words.isdisjoint(words(text)):
            return STOP
        if not snooze:
            return None
        minutes = self._put_off(text)
        if minutes is None and isinstance(event, VoiceEnd):
            # A word alone is often misheard. Stop words are not looked for among what was less likely said: it would
            # fall silent by itself.
            text = recogniser.transcribe(audio, lambda other: 0 if self._put_off(other) is None else EXPECTED)
            minutes = self._put_off(text)
        return minutes

    def _put_off(self, text: str) -> int | None:
        return snoozed_minutes(text, self._language)

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
