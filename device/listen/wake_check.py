"""Hearing a doubtful wake word again, by the small recogniser, before a conversation begins.

The wake word's models know a sound, no words: "hey, Java is …" may score as high as "hey Jarvis". The recogniser knows
words, but not this name: it writes "Page Argus". Asked how much less likely the wake word is than what it would write,
it can tell the two apart, if the room is quiet; where it is not sure of other words, the wake word counts.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from device.listen import framing
from device.listen.first_words import audible
from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.conversation.events import Wake
    from device.listen.moonshine import Begins
    from device.listen.shared_recogniser import SharedRecogniser

log = logging.getLogger(__name__)

SPELLED: Final = {"hey_jarvis": "hey jarvis"}
"""The wake words of which it was measured how the recogniser hears them; any other counts as soon as it is detected.
“Alexa” is too short: 4 of 28 would be lost by 14 synthetic voices, and half of what is near (“a Lexus”) would pass."""
SURE: Final = 0.99
"""Score from which a wake word is not doubted. Of 152 that are detected, by 41 synthetic voices in three rooms, every
tenth is sure; of 117 near words, every thirteenth."""
LEAST: Final = -7.0
"""Nats by which the wake word may be less likely than what the recogniser would write."""
WRITTEN: Final = -3.0
"""Log probability of the latter below which it is a guess, and refutes nothing. With both, of 132 wake words by 41
synthetic voices in three rooms none is lost, and 23 of 101 near words are refuted; with -4 and -4, four are lost. Of 17
and 27 by other voices: none, and 7."""
CLEAR_DB: Final = 25.0
"""By how much the loudest 200 ms must lie above the quietest tenth. Where they do not, in noise or in the middle of
speech, the recogniser hears other words than are said: in a room with noise of -45 dBFS and an RT60 of 0.5 s, where it
is 19 dB, it took nine of ten wake words for something else."""
WINDOWS: Final = ((samples(1500), 0), (samples(1500), samples(160)))
"""From how long before its detection until how long after it the word is heard, in turn: it may end 360 ms before, and
may go on. The recogniser is touchy about where speech ends."""
LATEST_S: Final = 0.6
"""By then it counts if it was not refuted. To load the recogniser takes 0.22 s of processor time, a hearing 0.07 s."""


class Recogniser(Protocol):
    """Knows words."""

    def begins_with(self, audio: NDArray[np.float32], phrase: str) -> Begins:
        """Compare how likely it is that `audio` begins with `phrase`, and with what it sounds like."""


class WakeCheck:
    """Hears doubtful wake words again in `clean`, `(n,) int16, 16 kHz mono`."""

    def __init__(self, clean: RingBuffer, recogniser: SharedRecogniser, *, wanted: bool = True) -> None:
        self._clean = clean
        self._recogniser = recogniser
        self._wanted = wanted

    def doubts(self, wake: Wake) -> bool:
        """Return whether `wake` is to be heard again before it counts."""
        return self._wanted and wake.score < SURE and wake.word in SPELLED

    async def hear(self, wake: Wake, confirmed: Callable[[Wake], None]) -> None:
        """Call `confirmed` unless it is found within `LATEST_S` that `wake` was something else.

        The recogniser is kept for it until then: with a conversation, somebody else may want it.
        """
        if not is_clear(self._heard(wake.at - WINDOWS[0][0], wake.at)):
            confirmed(wake)
            return
        self._recogniser.want("wake word", True)  # noqa: FBT003 - a switch
        try:
            if await asyncio.wait_for(self._said(wake), LATEST_S):
                confirmed(wake)
            else:
                log.info("Something that is not %s sounded like it, with a score of %.2f.", wake.word, wake.score)
        except TimeoutError:
            confirmed(wake)
        except ModelError as error:
            log.debug("A wake word cannot be heard again: %s", error)
            confirmed(wake)
        finally:
            self._recogniser.want("wake word", False)  # noqa: FBT003 - a switch

    async def _said(self, wake: Wake) -> bool:
        """Return whether it was the wake word: as soon as it was heard once, or by what follows."""
        for before, after in WINDOWS:
            await asyncio.sleep(max(0, wake.at + after - self._clean.position) / CLOCK_RATE)
            pcm = self._heard(wake.at - before, wake.at + after)
            if await self._recogniser.use(partial(is_wake_word, wake.word, pcm)) is not False:
                return True
        return False

    def _heard(self, start: int, upto: int) -> NDArray[np.int16]:
        start = max(start, 0)
        return self._clean.cursor(start).take(upto - start)


def is_clear(pcm: NDArray[np.int16]) -> bool:
    """Return whether what is said in `pcm`, `(n,) int16, 16 kHz mono`, is so clear that it can be refuted."""
    levels = framing.energy(pcm.astype(np.float32))
    return bool(np.sort(levels)[-10:][0] > np.percentile(levels, 10) * 10 ** (CLEAR_DB / 10))


def is_wake_word(word: str, pcm: NDArray[np.int16], recogniser: Recogniser) -> bool:
    """Return whether `pcm`, `(n,) int16, 16 kHz mono`, may be the wake word `word`, one of `SPELLED`.

    It is not if the recogniser is sure of other words.
    """
    found = recogniser.begins_with(audible(pcm), SPELLED[word])
    return found.written < WRITTEN or found.phrase - found.written >= LEAST
