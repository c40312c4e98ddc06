"""Hearing a doubtful wake word again, by the small recogniser, before a conversation begins.

The wake word's models know a sound, no words: "hey, Java is …" may score as high as "hey Jarvis". The recogniser knows
words, but not this name: it writes "Page Argus". Asked how much less likely the wake word is than what it would write,
it tells the two apart.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from device.listen.first_words import audible
from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.conversation.events import Wake
    from device.listen.shared_recogniser import SharedRecogniser

log = logging.getLogger(__name__)

SPELLED: Final = {"hey_jarvis": "hey jarvis"}
"""The wake words of which it was measured how the recogniser hears them; any other counts as soon as it is detected.
“Alexa” is too short: 4 of 28 would be lost by 14 synthetic voices, and half of what is near (“a Lexus”) would pass."""
SURE: Final = 0.99
"""Score from which a wake word is not doubted. Of 152 that are detected, by 41 synthetic voices in three rooms, every
tenth is sure; of 117 near words, every thirteenth."""
LEAST: Final = -3.0
"""Nats by which the wake word may be less likely than what the recogniser would write. Of the same: -2 leaves 124 wake
words and 26 near ones, -3 leaves 128 and 36, -4 leaves 132 and 45. Of 36 by natural voices one is lost, of 89 by
others seven; what those say in noise and reverberation is lost more often, 16 of 27."""
WINDOWS: Final = ((samples(1500), 0), (samples(1200), 0), (samples(1500), samples(160)))
"""From how long before its detection until how long after it the word is heard, in turn: it may end 360 ms before, and
may go on. The recogniser is touchy about where speech begins: with the first of them alone, ten of 152 more are
lost."""
LATEST_S: Final = 0.6
"""By then it counts if it was not refuted. To load the recogniser takes 0.22 s of processor time, a hearing 0.07 s."""


class Recogniser(Protocol):
    """Knows words."""

    def begins_with(self, audio: NDArray[np.float32], phrase: str) -> float:
        """Return by how many nats it is likelier that `audio` begins with `phrase` than with what it sounds like."""


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
        """Call `confirmed` if `wake` was the wake word, as far as can be told within `LATEST_S`.

        The recogniser is kept for it until then: with a conversation, somebody else may want it.
        """
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
            upto, start = wake.at + after, max(wake.at - before, 0)
            await asyncio.sleep(max(0, upto - self._clean.position) / CLOCK_RATE)
            pcm = self._clean.cursor(start).take(upto - start)
            if await self._recogniser.use(partial(is_wake_word, wake.word, pcm)) is not False:
                return True
        return False


def is_wake_word(word: str, pcm: NDArray[np.int16], recogniser: Recogniser) -> bool:
    """Return whether `pcm`, `(n,) int16, 16 kHz mono`, sounds like the wake word `word`, one of `SPELLED`."""
    return recogniser.begins_with(audible(pcm), SPELLED[word]) >= LEAST
