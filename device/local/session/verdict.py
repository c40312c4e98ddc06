"""Whether the user's turn is over after a lull, by its sound and its words."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from device.local.end_of_turn.patience import Said
from device.local.stages import RemoteRecogniser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.local.cascade import Cascade
    from device.local.end_of_turn.patience import Patience

log = logging.getLogger(__name__)

REMOTE_S: Final = 0.4
"""How long to wait for words from elsewhere, while nothing else of the session is heard; then only the sound counts."""


class Verdict:
    """The judgement of a turn, `pcm` up to its lull: (n,) int16 at 16 kHz.

    `transcript` is None if the turn is too long for one; `asked` tells whether it can be the answer to a question.
    """

    def __init__(
        self,
        cascade: Cascade,
        pcm: NDArray[np.int16],
        transcript: asyncio.Future[str] | None,
        *,
        asked: bool,
    ) -> None:
        self._stages = cascade.stages
        self._sounds = cascade.sounds_over(pcm)
        self._transcript = transcript
        self._asked = asked

    async def silence_ms(self, patience: Patience) -> int:
        """Return how long a silence ends the turn, once that is known."""
        await asyncio.wait([self._sounds])
        if self._transcript:
            remote = isinstance(self._stages.recogniser, RemoteRecogniser)
            await asyncio.wait([self._transcript], timeout=REMOTE_S if remote else None)
        said = self._said()
        wait = patience.silence_ms(said)
        log.debug("%d ms of silence end the turn: %s", wait, said)
        return wait

    def _said(self) -> Said:
        sounds = self._probability()
        transcript = self._transcript
        if transcript is None or not transcript.done() or transcript.cancelled() or transcript.exception():
            return Said(sounds)
        text = transcript.result()
        return Said(
            sounds,
            self._stages.endings.ending(text),
            None if self._asked else len(text.split()),
            self._stages.brain.knows(text),
        )

    def _probability(self) -> float:
        if self._sounds.cancelled():
            return 1.0
        if error := self._sounds.exception():
            log.error("the prosody model failed", exc_info=error)
            return 1.0
        return self._sounds.result()
