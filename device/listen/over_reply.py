"""What is said over a reply, as far as the daemon wants to know: the first words of each voice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from device.listen.by_sound import by_sound
from device.listen.first_words import BEFORE, FirstWords, listen_to
from device.listen.lexicon import heard_lexicon
from device.model_files.files import ModelError
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.audio.ring import RingBuffer
    from device.listen.moonshine import Moonshine
    from device.listen.shared_recogniser import SharedRecogniser

log = logging.getLogger(__name__)

LONGEST = samples(1500)
"""Most audio after the onset that is judged: after `first_words.LATE_MS` more changes little, and costs CPU."""


class OverReply:
    """Recognises voices over a reply through the shared recogniser, in the language of `language`; others by sound."""

    def __init__(self, language: str, clean: RingBuffer, recogniser: SharedRecogniser) -> None:
        self._lexicon = heard_lexicon(language)
        self._clean = clean
        self._recogniser = recogniser

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Have the recogniser loaded, or let it go: while a session is open."""
        self._recogniser.want("first words", wanted)

    async def recognise(self, onset: int, at: int, *, ended: bool, since: int | None = None) -> FirstWords:
        """Return what the voice that began at `onset` has said by `at`, positions in the clean ring.

        `ended` says that it has ended by then, as far as can be told. If it goes on from an earlier voice, that one is
        heard, too, from `since` on. `unknown` without the models, and when the recogniser is not wanted.
        """
        start = max((onset if since is None else since) - BEFORE, 0)
        pcm = self._clean.cursor(start).take(min(at, onset + LONGEST) - start)
        words = self._lexicon

        def hear(recogniser: Moonshine) -> FirstWords:
            return listen_to(pcm, recogniser, by_sound(), words, ended=ended)

        try:
            return await self._recogniser.use(hear) or FirstWords("unknown")
        except ModelError as error:
            log.warning("Backchannels cannot be told from interruptions by their words: %s", error)
            return FirstWords("unknown")
