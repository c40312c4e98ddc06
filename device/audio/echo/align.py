"""Keeps what was played in step with the microphone: the echo's delay, and two cards' unequal clocks.

What was played is read from a tape a little later than it was played, so that the echo filter need not be longer than
the room's reverberation, whatever the delay of card and air. Where microphone and loudspeaker have clocks of their own
(a USB microphone beside the board's own output), the place of reading moves steadily: the phase between the path now
and a quarter of a second ago shows by how much. Where the echo is, and whether it has jumped, is for `place.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.echo.filter import BINS, BLOCK
from device.audio.echo.likeness import RANGE
from device.audio.echo.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.audio.echo.filter import EchoFilter

MOST_DELAY = RANGE
"""Samples by which the place of reading can lie behind: as far as an echo is looked for."""

_HALF = 16
"""Half the length of the interpolating filter, a sinc under a Kaiser window: 1 ms, the shortest delay."""
_BETA = 8.0
"""Of the Kaiser window: 81 dB in the stop band (Kaiser 1974: β = 0.1102 · (A - 8.7)), well below what the filter
leaves."""
_PHASES = 128
"""Places between two samples for which there is a filter; between them it is interpolated. Fewer make a larger error,
more a larger table: 17 kB as it is."""
_RAMP = np.linspace(0, 1, BLOCK, endpoint=False, dtype=np.float32)
_SPAN = 25
"""Blocks of playback over which the path's movement is measured: long enough for 10 ppm, a 25th of a sample."""
_SHIFTS = np.arange(-1.0, 1.01, 0.04)
"""Movements that are looked for, in samples: 250 ppm each way."""
_TURNS = np.exp(2j * np.pi * np.outer(_SHIFTS, np.arange(BINS)) / (2 * BLOCK)).astype(np.complex64)
_SURE = 0.6
"""Coherence of the path with itself from which it has moved and is no other one: lower follows a changed room as a
drift, higher never finds the drift of a noisy path."""
_FOLLOWING = 0.1
"""How much of what is measured the estimate follows in the end; at first, half of it. It settles within 1 ppm so."""
_NOTICEABLE = 4e-6
"""Clocks that differ by less are left alone: reading between two samples costs time, and at 4 ppm it takes 16 s to move
by one sample, which the filter follows by itself."""
_FAR_OFF = 15e-6
"""When all of the last measurements come to more than that, the estimate starts anew to follow half of it."""
_IN_A_ROW = 4
"""Measurements of one sign, a second of playback, that make a drift: chance alone gives that once in eight."""
_SETTLING = 6
"""Measurements to leave out after a jump, while the path is put right by the part of a sample."""
MOST_MORE = 40
"""Blocks by which the path can become longer than the room asks for, where the echo comes twice: 400 ms more cost about
as much again."""
LONGEST_TRIAL = 50
"""Blocks of the past, at the most, over which a path can be tried at another place: 500 ms."""
LONGEST_AGAIN = 100
"""And over which what was heard is heard again: 1 s."""


class Alignment:
    """Reads what was played at the right place for `filter`, which `follow` watches."""

    def __init__(self, echo: EchoFilter) -> None:
        self.delay = float(_HALF)
        """Samples by which the place of reading lies behind: `_HALF` to `MOST_DELAY`."""
        self.lag: float | None = None
        """By how many samples the echo's loudest part comes after its sound; None while that was never found."""
        self.drift = 0.0
        """How much both grow with each sample."""
        self._filter = echo
        self._tape = Tape(1, (echo.blocks + MOST_MORE + LONGEST_AGAIN + 2) * BLOCK + MOST_DELAY + 2 * _HALF)
        self._worked = 0
        self._clock = 0
        self._measured: list[float] = []
        self._followed = 0
        self._settling = 0
        self._before: NDArray[np.complex64] | None = None
        self._before_at = 0

    def rest(self, samples: int) -> None:
        """Let time pass without playback."""
        self._tape.clear()
        self._drift_on(samples)
        self._before = None

    def push(self, played: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next block that was played; return the one for the filter, `(160,) float32`."""
        self._tape.add(played)
        self._clock += BLOCK
        start = self.delay
        self._drift_on(BLOCK)
        return self._read(0, start, self.delay)

    def played(self, length: int) -> NDArray[np.float32]:
        """Return the last `length` samples that were played, up to 1.5 s: `(length,)`."""
        tape: NDArray[np.float32] = self._tape.rows[0]
        return tape[-length:]

    def trial(self, lag: int, count: int) -> NDArray[np.float32] | None:
        """Return what the kept path makes of the last `count` blocks if the echo comes later by `lag`: `(n * 160,)`.

        What of the path would come before its sound is left out. None where nothing can be read.
        """
        delay = self.delay + lag
        early = max(0, -int((delay - _HALF) // BLOCK))
        delay += early * BLOCK
        if early >= self._filter.blocks or delay > MOST_DELAY:
            return None
        return self._filter.trial(self._read_back(delay, self._filter.blocks - early + count), count, early)

    def again(self, count: int) -> NDArray[np.float32]:
        """Return what the path makes of the last `count` blocks, `(count, 160)`."""
        return self.jumped(count, 0.0, [0])[0]

    def jumped(self, count: int, earlier: float, at: Sequence[int], last: int = 0) -> list[NDArray[np.float32]]:
        """Return the same without the `last` blocks, for each place in `at`.

        Up to so many samples ago, the echo came sooner by `earlier`, in samples: for whoever reads it for the path,
        which is a little before it is heard.
        """
        now, before = self._read_twice(self._filter.blocks + count, earlier)
        heard, end = (_spliced(before, now, place) for place in at), len(now) - last * BLOCK
        return [self._filter.again(sound[:end], count - last).reshape(-1, BLOCK) for sound in heard]

    def reread(self, earlier: float, at: int) -> None:
        """Let the filter hear again what was played, of which the past came sooner likewise."""
        now, before = self._read_twice(self._filter.blocks + 1, earlier)
        self._filter.hear_again(list(_spliced(before, now, at).reshape(-1, BLOCK)))

    def _read_twice(self, blocks: int, earlier: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Read the last `blocks` as they come now, and as much sooner as they came before: `(n * 160,)`."""
        now = np.concatenate(self._read_back(self.delay, blocks))
        if not earlier:
            return now, now
        delay = min(max(self.delay - earlier, float(_HALF)), float(MOST_DELAY))
        return now, np.concatenate(self._read_back(delay, blocks))

    def begin(self, lead: int) -> None:
        """Let the path begin `lead` samples before the echo's loudest part, keeping what is known of it there.

        To whole blocks, and no sooner than anything can be read.
        """
        if self.lag is not None:
            blocks = round((max(float(_HALF), self.lag - lead) - self.delay) / BLOCK)
            self._shift(max(blocks, -(int(self.delay - _HALF) // BLOCK)))

    def lengthen(self, blocks: int) -> None:
        """Make the path so many blocks longer."""
        self._filter.lengthen(blocks)
        self._reread()

    def jump(self, lag: float) -> None:
        """Read from now on by `lag` samples later (negative: sooner), for the same path."""
        delay = self.delay + lag
        if (missing := _HALF - delay) > 0:  # then the path begins later
            blocks = -int(-missing // BLOCK)
            self._filter.move(blocks)
            delay += blocks * BLOCK
        self.delay = min(delay, float(MOST_DELAY))
        if self.lag is not None:
            self.lag += lag
        self._settling = _SETTLING
        self._reread()

    def _drift_on(self, samples: int) -> None:
        moved = self.drift * samples
        self.delay = min(max(self.delay + moved, float(_HALF)), float(MOST_DELAY))
        if self.lag is not None:
            self.lag = min(max(self.lag + moved, 0.0), float(RANGE))

    def _shift(self, blocks: int) -> None:
        """Let the path begin so many blocks later."""
        if blocks:
            self.delay += blocks * BLOCK
            self._filter.move(blocks)
            self._reread()

    def _read(self, back: int, start: float, end: float) -> NDArray[np.float32]:
        """Read the block `back` blocks ago, delayed by `start` samples at its beginning and by `end` at its end."""
        tape: NDArray[np.float32] = self._tape.rows[0]
        first = len(tape) - (back + 1) * BLOCK
        if start == end and start == round(start):
            at = first - round(start)
            return tape[at : at + BLOCK]
        ahead = _between(tape, first, start)
        if start == end:
            return ahead
        # The places between are as good as on a straight line: at 100 ppm they differ by a 60th of a sample.
        moved: NDArray[np.float32] = ahead + _RAMP * (_between(tape, first, end) - ahead)
        return moved

    def _read_back(self, delay: float, blocks: int) -> list[NDArray[np.float32]]:
        """Read the last `blocks`, oldest first, at another delay."""
        return [self._read(back, delay, delay) for back in range(blocks - 1, -1, -1)]

    def follow(self) -> None:
        """Learn from the filter's last step, in which something was played and heard."""
        self._worked += 1
        if self._worked % _SPAN == 0:
            self._measure_drift()

    def _reread(self) -> None:
        """Let the filter hear again what was played, as it is read now."""
        self._before = None
        self._filter.hear_again(self._read_back(self.delay, self._filter.blocks + 1))

    def _measure_drift(self) -> None:
        path = self._filter.path()
        before, self._before = self._before, path
        passed, self._before_at = self._clock - self._before_at, self._clock
        self._settling = max(0, self._settling - 1)
        if before is None or self._settling:
            return
        turned = (path * np.conj(before)).sum(axis=0)
        sizes = np.sqrt((np.square(np.abs(path)).sum(axis=0)) * np.square(np.abs(before)).sum(axis=0)) + 1e-12
        sure = self._filter.sureness()
        weights = sure / (sure.sum() + 1e-12)
        # Not by a matrix product: for one this small, the threads of a numeric library cost milliseconds.
        fits = (_TURNS * (turned / sizes * weights)).sum(axis=1).real
        best = int(fits.argmax())
        if not 0 < best < len(fits) - 1 or fits[best] < _SURE:
            self._measured.clear()
            return
        left, middle, right = fits[best - 1 : best + 2]
        bend = left - 2 * middle + right
        fine = 0.5 * (left - right) / bend if bend else 0.0
        moved = (_SHIFTS[best] + fine * (_SHIFTS[1] - _SHIFTS[0])) / passed
        self._measured = [*self._measured, moved][-_IN_A_ROW:]
        same = len(self._measured) == _IN_A_ROW and (min(self._measured) > 0 or max(self._measured) < 0)
        steady = abs(float(np.mean(self._measured))) if same else 0.0
        if steady > _FAR_OFF:
            self._followed = 0
        if self.drift or steady > _NOTICEABLE:
            self.drift += max(_FOLLOWING, 1 / (2 + self._followed)) * moved
            self._followed += 1


def _spliced(before: NDArray[np.float32], now: NDArray[np.float32], at: int) -> NDArray[np.float32]:
    """Return `now`, and `before` up to `at` samples before their end."""
    first = min(max(0, len(now) - at), len(now))
    return np.concatenate((before[:first], now[first:]))


def _between(tape: NDArray[np.float32], first: int, delay: float) -> NDArray[np.float32]:
    """Return the block of `tape` from `first` on, `delay` samples earlier, which may lie between two samples."""
    whole = int(delay)
    at = first - whole - _HALF
    window = tape[at : at + BLOCK + 2 * _HALF - 1]
    place = _PHASES * (delay - whole)
    near = int(place)
    taps = _SINCS[near] + np.float32(place - near) * (_SINCS[near + 1] - _SINCS[near])
    return np.convolve(window, taps, mode="valid")


def _sincs() -> NDArray[np.float32]:
    """Return the filters that read 0, 1/`_PHASES` … 1 of a sample before the middle of their `2 * _HALF` samples."""
    at = np.arange(_HALF - 1, -_HALF - 1, -1) + np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1 - np.square(at / _HALF))))
    taps = np.sinc(at) * window
    filters: NDArray[np.float32] = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return filters


_SINCS = _sincs()
