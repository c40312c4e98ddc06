"""Whether the device takes its own voice for somebody's, by what comes of it; then only the wake word is believed.

An echo that the canceller neither finds nor cancels sounds like somebody who speaks over every reply, or just after
it, and says what the reply says. The canceller may notice (`helpless`); and if it does not, the device cuts itself off
and answers itself again and again, which is noticed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.conversation.history import LONGEST_TEXT
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.events import EchoKind

HELPLESS = "there is an echo that is not found, or cannot be cancelled"
ANSWERS = "it interrupts and answers itself"
ENOUGH = 2.0
"""So many answers to itself within `WITHIN`: a single one may be a user who repeats what was said."""
WITHIN = samples(120_000)
UNSAID, UNSURE = 0.0, 0.67
"""What a voice counts that nobody knows the words of, and that ends with the reply: nothing where an echo is cancelled,
for it may be a user's "stop"; more where none is known of, because there is no canceller. Once another voice said what
a reply says, it counts fully."""
NOTHING, NOISE = 1.0, 0.5
"""What one counts in which the engine finds no words, without a canceller and with one: coughs interrupt, too."""
SOON = samples(1200)
"""How long after the loudspeaker an echo is over: it may come later than the 600 ms within which it is looked for."""
ALIKE = 0.6
"""Part of the words that must be the reply's, in its order: recognisers mishear an echo."""
WORDS = 3
"""Of fewer words, nothing is known: "yes" and "you have" are in many replies, and so are two of "The end is."."""
CLEAR_WORDS = 4
"""From so many words on, a voice over a reply says something else if it does not say what the reply says: of fewer, all
may be misheard."""
MOST_WORDS = 24
"""Of a long turn, the first are compared; a choice: that takes little time, and an echo begins as it goes on."""
TEXTS = 3
"""Of so many pieces of replies the words are known; a choice: an echo is of the last one or the one before."""
PROOF = samples(10_000)
"""So long the device must speak without hearing a voice, the echo known, before voices are believed again."""
LESS_SURE = 4
"""How many times longer after each time that this was a mistake."""


class _Suspect(Struct):
    """A voice that interrupted a reply, or began as it ended, until it is known what it said."""

    own_words: bool | None
    """Whether it said what the reply says; None if it is not known what it said."""
    short: bool = False
    """It ended with the reply."""


class OwnVoice:
    """What is known of it. Positions are of the device's clock."""

    def __init__(self) -> None:
        self._why = ""
        self._echo: EchoKind = "none"
        self._cancelled = False  # an echo was cancelled once
        self._helpless = False
        self._texts: dict[str, str] = {}
        self._own_words: bool | None = None
        self._suspect: _Suspect | None = None
        self._strikes: list[tuple[int, float]] = []
        self._playing = False
        self._silent_at = -SOON
        self._ticked_at = 0
        self._proof = 0
        self._wanted = PROOF
        self.mistakes = 0
        """How often a voice turned out to be its own: it said what the reply says, or nothing at all."""

    @property
    def why(self) -> str:
        """Why no voice is believed; "" while voices are."""
        return self._why

    # The canceller

    def echo(self, kind: EchoKind) -> None:
        """Note what of the echo may be heard."""
        self._echo = kind
        self._cancelled = self._cancelled or kind == "known"
        if kind == "unknown":
            self._proof = 0

    def helpless(self, *, on: bool) -> None:
        """Note whether the canceller neither finds nor cancels the echo."""
        self._helpless = on
        if on:
            self._doubt(HELPLESS)

    # The reply

    def says(self, item: str, text: str, *, final: bool) -> None:
        """Note the words of a reply's item: a piece of them, or all of them when `final`."""
        before = self._texts.pop(item, "")
        self._texts[item] = text[:LONGEST_TEXT] if final else before + text[: LONGEST_TEXT - len(before)]
        for old in list(self._texts)[:-TEXTS]:
            del self._texts[old]

    def plays(self, at: int) -> None:
        """Note that a reply is heard: if nobody knows what was said before it, it answers that."""
        suspect, self._suspect = self._suspect, None
        if suspect is not None and suspect.own_words is False:
            self._strikes.clear()
        elif suspect is not None and (suspect.own_words or suspect.short):
            likely = suspect.own_words or any(weight == 1.0 for _, weight in self._strikes)
            self._strike(at, 1.0 if likely else UNSAID if self._cancelled else UNSURE)
        self._playing, self._ticked_at = True, at

    def falls_silent(self, at: int) -> None:
        """Note that the loudspeaker is silent."""
        self._playing, self._silent_at = False, at

    def cut(self) -> None:
        """Note that a voice interrupts the reply."""
        self._suspect = _Suspect(self._own_words)
        self._own_words = None

    def tick(self, at: int) -> None:
        """Note the time."""
        if not (self._why and self._playing):
            return
        sure = self._echo == "known" and not self._helpless
        self._proof = self._proof + at - self._ticked_at if sure else 0
        self._ticked_at = at
        if self._proof >= self._wanted:
            self._why, self._proof = "", 0
            self._wanted *= LESS_SURE
            self._strikes.clear()

    # The voice

    def starts(self, onset: int) -> None:
        """Note a voice."""
        if self._playing or onset < self._silent_at + SOON:
            self._proof = 0
            if not self._playing and self._suspect is None:
                self._suspect = _Suspect(own_words=None)

    def ends(self, end: int) -> None:
        """Note its end."""
        if self._suspect is not None:
            self._suspect.short = self._playing or end < self._silent_at + SOON

    def overheard(self, text: str) -> None:
        """Note what the recogniser understood of a voice over the reply."""
        count = len(_words(text))
        if count >= WORDS and self._is_own(text):
            self._own_words = True
        elif count >= CLEAR_WORDS:
            self._own_words = False

    def user(self, text: str, at: int) -> None:
        """Note what the engine understood of the user, maybe nothing."""
        suspect, self._suspect = self._suspect, None
        if suspect is None and len(_words(text)) < WORDS:
            return
        if self._is_own(text):
            self._strike(at, 1.0)
        elif suspect is not None and not text:
            self._strike(at, NOISE if self._cancelled else NOTHING)
        else:
            self._strikes.clear()

    def _is_own(self, text: str) -> bool:
        """Return whether a text is what a reply said, more or less."""
        heard, said = _words(text)[:MOST_WORDS], _words(" ".join(self._texts.values()))
        # Within a stretch of what was said, or common words would be found all over it.
        stretches = range(0, len(said), max(1, len(heard) // 2))
        alike = max((_common(heard, said[at : at + 2 * len(heard)]) for at in stretches), default=0)
        return alike >= max(WORDS, ALIKE * len(heard))

    def _strike(self, at: int, weight: float) -> None:
        self.mistakes += weight == 1.0
        self._strikes = [*((then, w) for then, w in self._strikes if at < then + WITHIN), (at, weight)]
        if sum(w for _, w in self._strikes) >= ENOUGH:
            self._doubt(ANSWERS)

    def _doubt(self, why: str) -> None:
        self._why, self._proof = self._why or why, 0


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def _common(one: list[str], other: list[str]) -> int:
    """Return how many words two texts have in common, in the same order: their longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for at, same in enumerate(other, 1):
            before, row[at] = row[at], before + 1 if word == same else max(row[at], row[at - 1])
    return row[-1]
