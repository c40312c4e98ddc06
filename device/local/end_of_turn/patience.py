"""How long a silence must be to end a turn: less where everything says that it is over. Pure."""

from __future__ import annotations

from msgspec import Struct

from device.local.end_of_turn.completeness import Ending

HESITANT = 0.05
"""Below this, it sounds as if somebody thinks about the next word."""
FEW = 4
"""Words that are seldom all, if nobody asked for them: people pause in the middle of what they want to say."""
SUREST = 0.6
"""How much it must sound over after one word more than that."""
EASIER = 0.3
"""How much less after each further word, down to `LEAST`."""
LEAST = 0.2


class Said(Struct, frozen=True):
    """What is known of a turn after its last word, perhaps."""

    sounds: float
    """Probability, 0 to 1, that it is over by its sound."""
    ending: Ending = "plain"
    """What the last words say."""
    words: int | None = None
    """How many there are; None if they are not known, or if few are expected, as after a question."""
    known: bool = False
    """They are a whole request."""


class Patience(Struct, frozen=True):
    """Milliseconds of silence that end a turn, by how much speaks for its end."""

    known: int
    """A whole request was said, which needs no more."""
    likely: int
    """It sounds over, and the words can be all."""
    doubtful: int
    """The sound or the words leave it open."""
    open: int
    """The words cannot be all, or the voice hesitates."""

    def silence_ms(self, said: Said) -> int:
        """Return the silence that is awaited after `said`."""
        if said.known:
            return self.known if said.sounds >= HESITANT else self.likely
        if said.ending == "open" or said.sounds < HESITANT:
            return self.open
        return self.likely if said.ending == "plain" and _likely(said) else self.doubtful


def _likely(said: Said) -> bool:
    if said.words is None:
        return said.sounds >= SUREST
    more = said.words - FEW - 1
    return more >= 0 and said.sounds >= max(LEAST, SUREST - EASIER * more)
