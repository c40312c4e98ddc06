"""How long a turn took, from the end of somebody's voice to the first sound of the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.records.turns import STAGES
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.conversation.entries import Entry
    from device.records.entry import Stage


class Response:
    """Times one turn after the other, by the entries of the ledger."""

    def __init__(self) -> None:
        self._stages: dict[Stage, int] = {}

    def take(self, entry: Entry) -> dict[Stage, int] | None:
        """Take an entry; if it is the first sound of a reply, return when its stages were, ms since the voice's end."""
        stage = STAGES.get(type(entry))
        if stage is None:
            return None
        if stage == "voice_end":
            self._stages = {"voice_end": entry.at}
            return None
        if "voice_end" not in self._stages or stage in self._stages:
            return None
        self._stages[stage] = entry.at
        if stage != "reply_first_audio":
            return None
        ended, stages, self._stages = self._stages["voice_end"], self._stages, {}
        return {name: (at - ended) * 1000 // CLOCK_RATE for name, at in stages.items()}
