"""What is at the near end while the device speaks, by how far each block exceeds what may be left of the echo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from device.audio.echo.canceller import Revised
    from device.conversation.events import EchoKind

FRAME_10MS = CLOCK_RATE // 100
"""Samples of a block, as the canceller takes them."""
ONSET_DB = 1.0
"""A frame that exceeds what may be left of the echo by less is no onset of a voice, though it sounds like one. Measured
with the device's own voice at -10 to +6 dB, loudspeakers distorting: 0 to 0.2 dB in the median, 0.7 dB in 99 % of the
frames, 2.3 dB in the worst room."""
NEAR_END_DB = 2.5
NEAR_END_BLOCKS = 3
NEAR_END_WINDOW = 4
"""So many blocks of 10 ms among so many exceed it that much when something at the near end begins. In the same rooms
visitors are noticed 40 to 50 ms after their onset in the median, and the device's own voice is once in 9 minutes."""
LEAST_PREROLL = samples(150)
"""What is taken to belong to a voice before its onset in any case: a soft fricative over an echo does not exceed it."""
MOST_PREROLL = samples(300)
"""And at the most: soft first sounds are no longer; a choice, where there is no echo a little silence costs nothing."""
MOST_UNSURE = samples(1000)
"""How far back a voice may have begun that could not be told from the echo; a choice, twice as long as it takes to find
an echo again."""
CLOSURE_BLOCKS = 6
"""Of what can be echo, within a voice: the closure of a plosive is hardly longer than 60 ms."""
KEPT_BLOCKS = 256
"""How far back the excess is kept: farther than the voice detector looks."""


class Canceller(Protocol):
    """An echo canceller for frames of 10 ms."""

    delay: int
    """How many samples the output lies behind the input."""

    @property
    def active(self) -> bool:
        """True while there may be an echo."""

    @property
    def converged(self) -> bool:
        """True while it is known where the echo is and what it is like; until then, what is heard may be echo."""

    @property
    def excess(self) -> NDArray[np.float32]:
        """By how many dB each frame that went into the last `cancel` was louder than what may be left of the echo."""

    @property
    def revised(self) -> Revised | None:
        """What was heard before, as it is known to be since the last `cancel`; None if it is as it was."""

    @property
    def echoing(self) -> bool:
        """True while what was played may still be heard at the microphone, by what is expected there."""

    @property
    def own(self) -> bool:
        """True while what exceeds that is taken for the device's own voice all the same."""

    @property
    def moves(self) -> int:
        """How often the echo was found at another place than where it was expected until then."""

    @property
    def helpless(self) -> bool:
        """True while there is an echo that it does not find, or cannot cancel."""

    def expect(self, gain_db: float) -> None:
        """Know what the microphone needs to be amplified by for speech to be as loud as usual; 0 at first."""

    def doubt(self) -> None:
        """Know that the card may play later or sooner from now on."""

    def cancel(
        self, mic: NDArray[np.int16], reference: NDArray[np.int16], missing: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int16]:
        """Return `mic` without the echo of `reference`; all `(n * 160,) int16, 16 kHz mono`.

        Frames that are `missing`, `(n,)`, are silence in place of what is not known.
        """


def what_echoes(canceller: Canceller) -> EchoKind:
    """Return what of what was played may be heard in the last blocks that `canceller` took."""
    if canceller.converged:
        return "known" if canceller.active else "none"
    return "unknown" if canceller.echoing else "none"


class Excess:
    """By how many dB each block of 10 ms exceeds what may be left of the echo: the last 2.56 s, by their positions."""

    def __init__(self) -> None:
        self._blocks = [0.0] * KEPT_BLOCKS  # each at its position's place
        self._echo: list[EchoKind] = ["none"] * KEPT_BLOCKS  # what of it may be in each
        self._again = [False] * KEPT_BLOCKS  # whether each was heard again
        self._end = 0

    def push(self, excess: Iterable[float], echo: EchoKind = "known") -> None:
        """Take the excess of the next blocks, dB, and what of the echo may be in them; the first ever is at 0."""
        for value in excess:
            self._blocks[self._end % KEPT_BLOCKS] = value
            self._echo[self._end % KEPT_BLOCKS] = echo
            self._again[self._end % KEPT_BLOCKS] = False
            self._end += 1

    def revise(self, excess: Iterable[float], own: Iterable[bool], later: int) -> None:
        """Know better what blocks exceed of an echo that is known since, up to so many blocks before the last one.

        Those are not known that are taken for the device's `own` voice.
        """
        values = list(zip(excess, own, strict=True))[-KEPT_BLOCKS + later :]
        for number, (value, unsure) in enumerate(values, self._end - later - len(values)):
            self._blocks[number % KEPT_BLOCKS] = value
            self._echo[number % KEPT_BLOCKS] = "unknown" if unsure else "known"
            self._again[number % KEPT_BLOCKS] = True

    @property
    def near_end(self) -> bool:
        """Whether the last blocks are of something at the near end, which may become a voice."""
        last = (self._blocks[(self._end - ago) % KEPT_BLOCKS] for ago in range(1, NEAR_END_WINDOW + 1))
        return sum(value >= NEAR_END_DB for value in last) >= NEAR_END_BLOCKS

    def start(self, onset: int) -> int:
        """Return from where on a voice may be heard whose onset was found at `onset`.

        Soft first sounds lie before that, but nothing that can only be echo: it goes back over what exceeds the echo,
        or is heard without any. Where a voice cannot be told from the echo, it may have been speaking all the while,
        and have begun before. And where the echo was only just found, more of it is expected than there is, which hides
        soft sounds.
        """
        start, first, rest = onset - LEAST_PREROLL, onset - MOST_PREROLL, 0
        for block in range(onset // FRAME_10MS - 1, (onset - MOST_UNSURE) // FRAME_10MS - 1, -1):
            at, echo, excess = block * FRAME_10MS, self._echo[block % KEPT_BLOCKS], self._blocks[block % KEPT_BLOCKS]
            soft = self._again[block % KEPT_BLOCKS] and at >= onset - MOST_PREROLL
            near = echo != "known" or excess >= ONSET_DB or soft
            rest = 0 if near else rest + 1
            first = at - MOST_PREROLL if echo == "unknown" else first
            if rest > CLOSURE_BLOCKS or at < first:
                break
            start = min(start, at) if near else start
        return max(0, start)

    def near_ms(self, onset: int) -> int | None:
        """For how long something is louder than the echo may be, from `LEAST_PREROLL` before `onset` on.

        None if there was no echo in all that time; of the last 2.56 s.
        """
        first = max((onset - LEAST_PREROLL) // FRAME_10MS, self._end - KEPT_BLOCKS, 0)
        places = [block % KEPT_BLOCKS for block in range(first, self._end)]
        if all(self._echo[place] == "none" for place in places):
            return None
        return 10 * sum(self._echo[place] == "none" or self._blocks[place] >= ONSET_DB for place in places)

    def is_onset(self, start: int, end: int) -> bool:
        """Whether a voice may begin between two positions: the blocks that they touch exceed the echo on average."""
        blocks = range(start // FRAME_10MS, -(-end // FRAME_10MS))
        return sum(self._blocks[block % KEPT_BLOCKS] for block in blocks) >= ONSET_DB * len(blocks)
