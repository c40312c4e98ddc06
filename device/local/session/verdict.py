"""Whether the user's turn is over in a pause, by its sound and its words."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from device.local.end_of_turn.endpointing import Evidence
from device.local.stages import RemoteRecogniser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.local.cascade import Cascade
    from device.local.end_of_turn.endpointing import EndpointingDelays

log = logging.getLogger(__name__)

REMOTE_S: Final = 0.4
"""How long to wait for words from elsewhere; then only the sound counts.

The session hears nothing meanwhile, so this trades a verdict without words against audio that piles up.
"""


class Verdict:
    """The judgement of a turn, `pcm` up to its pause: (n,) int16, 16 kHz mono.

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
        self._prosody = cascade.judge_prosody(pcm)
        self._transcript = transcript
        self._asked = asked

    async def silence_ms(self, delays: EndpointingDelays) -> int:
        """Return how many milliseconds of silence end the turn, once that is known."""
        await asyncio.wait([self._prosody])
        if self._transcript:
            remote = isinstance(self._stages.recogniser, RemoteRecogniser)
            await asyncio.wait([self._transcript], timeout=REMOTE_S if remote else None)
        evidence = self._evidence()
        wait = delays.silence_ms(evidence)
        log.debug("%d ms of silence end the turn: %s", wait, evidence)
        return wait

    def _evidence(self) -> Evidence:
        prosody = self._probability()
        transcript = self._transcript
        if transcript is None or not transcript.done() or transcript.cancelled() or transcript.exception():
            return Evidence(prosody)
        text = transcript.result()
        return Evidence(
            prosody,
            self._stages.completeness.judge(text),
            None if self._asked else len(text.split()),
            self._stages.brain.knows(text),
            self._stages.recogniser.doubt(text),
        )

    def _probability(self) -> float:
        if self._prosody.cancelled():
            return 1.0
        if error := self._prosody.exception():
            log.error("the prosody model failed", exc_info=error)
            return 1.0
        return self._prosody.result()
