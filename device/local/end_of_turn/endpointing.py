"""How long a silence must be to end a turn: less where everything says that it is over. Pure.

The thresholds weigh being cut in on in a pause against waiting at the end, and were chosen by the turns of
`parley bench bargein`.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from device.local.end_of_turn.completeness import Completeness
from device.local.stages import Doubt

HESITANT: Final = 0.05
"""Below this probability, it sounds as if somebody thinks about the next word."""
SURE: Final = 0.5
"""The probability from which a whole request also sounds as if it were over: of the sounds of `parley bench bargein`,
11 of 13 that are complete lie above 0.7, and none that pauses is a whole request, if it was heard rightly."""
FEW_WORDS: Final = 4
"""So many are seldom all, if nobody asked for them: people pause in the middle of what they want to say."""
OVER: Final = 0.6
"""The probability from which a turn of one word more than that sounds over."""
OVER_PER_WORD: Final = 0.3
"""How much less it must be for each further word, down to `LEAST_OVER`."""
LEAST_OVER: Final = 0.2
"""Below this the sound says that more is to come, however many words there are."""


class Evidence(Struct, frozen=True):
    """What is known of a turn after its last word, perhaps."""

    prosody: float
    """Probability, 0 to 1, that it is over by its sound."""
    completeness: Completeness = "complete"
    """What the last words say."""
    words: int | None = None
    """How many there are; None if they are not known, or if few are expected, as after a question."""
    known: bool = False
    """They are a whole request."""
    doubt: Doubt = "none"
    """In the ending: how they end says nothing. In the words: nor that they are a whole request."""


class EndpointingDelays(Struct, frozen=True):
    """Milliseconds of silence that end a turn, by how much speaks for its end."""

    sure: int
    """A whole request was said, which needs no more, and it sounds over."""
    known: int
    """A whole request was said; the sound leaves it open."""
    complete: int
    """It sounds over, and the words can be all."""
    uncertain: int
    """The sound or the words leave it open."""
    incomplete: int
    """The words cannot be all, or the voice hesitates."""

    def silence_ms(self, evidence: Evidence) -> int:
        """Return how many milliseconds of silence end a turn of which so much is known."""
        # Half a sentence may be misheard as a whole request: of nine that were cut in on, six.
        if evidence.known and evidence.doubt != "words":
            if evidence.prosody < HESITANT:
                return self.complete
            return self.sure if evidence.prosody >= SURE else self.known
        ends = evidence.completeness if evidence.doubt == "none" else "complete"
        if ends == "incomplete" or evidence.prosody < HESITANT:
            return self.incomplete
        over = ends == "complete" and _sounds_over(evidence)
        return self.complete if over else self.uncertain


def _sounds_over(evidence: Evidence) -> bool:
    if evidence.words is None:
        return evidence.prosody >= OVER
    more = evidence.words - FEW_WORDS - 1
    return more >= 0 and evidence.prosody >= max(LEAST_OVER, OVER - OVER_PER_WORD * more)
