"""A reply item as it sounds on the loudspeaker track: where it begins, is lowered, comes back, and ends.

The item's PCM, as the engine sent it, is found on the track by cross-correlation; so a figure holds for that item
whatever else plays, and whatever the ledger claims. Where the item itself is silent, a recording cannot tell when
something happened: such a figure is an interval, and what is claimed counts as long as it lies within.

Positions are on the device's clock (16 kHz), positions within the item likewise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from msgspec import Struct

from device.audio.measure import SILENCE_DBFS, levels, silences
from device.events import CLOCK_RATE, samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 0.45
"""Least correlation at which a piece of the track counts as a piece of the item."""
SAME = 0.7
"""Least correlation in a place where the item is expected."""
DUCK_DB = 12.0
"""A reply is lowered when its gain has fallen by this much, and back up when it is within `BACK_DB`."""
BACK_DB = 3.0
_PIECE = samples(800)
"""What is searched for: long enough that no other part of the item is like it."""
_WINDOW, _HOP = samples(5), samples(1)
_LEVELLED = samples(20)
_PAUSE = samples(60)
_NOTHING = samples(60)
"""A pause longer than those within words that are so soft that they are lost in rounding."""
_HEARD = 2
"""int16 steps that surely are more than what resampling and rounding leave of nothing."""
_EARLY = samples(50)
"""How much earlier than thought a piece may be found."""


class Interval(Struct, frozen=True):
    """Something happened after `first` at the earliest and at `last` at the latest."""

    first: int
    last: int

    def nearest(self, claim: int | None) -> int:
        """Return `claim` if it can be true, else what is nearest to it; the earliest time if nothing is claimed."""
        return self.first if claim is None else min(self.last, max(self.first, claim))


class Loudspeaker:
    """A loudspeaker track, `(n,) int16` at `rate`, ready to be searched."""

    def __init__(self, track: NDArray[np.int16], rate: int) -> None:
        self.samples = _at_clock_rate(track, rate)
        # Resampling smears; silence is looked for in what was really played, of each frame the loudest sample.
        nonzero = np.flatnonzero(track) * CLOCK_RATE // rate
        self._sounds = np.zeros(len(self.samples) + 1, bool)
        self._sounds[np.minimum(nonzero, len(self.samples))] = True

    def __len__(self) -> int:
        return len(self.samples)

    def falls_silent(self, start: int) -> int:
        """Return the position after the last sample that is not zero before 60 ms of zeros, from `start` on."""
        sounds = np.flatnonzero(self._sounds[start:])
        if not len(sounds) or sounds[0] >= _NOTHING:
            before = np.flatnonzero(self._sounds[:start])
            return int(before[-1]) + 1 if len(before) else start
        gaps = np.flatnonzero(np.diff(sounds) > _NOTHING)
        return start + int(sounds[gaps[0] if len(gaps) else -1]) + 1


class Passage:
    """The item `pcm`, `(n,) int16` at `rate`, on a loudspeaker track; it is said to begin about position `begins`.

    `until` is where something else surely plays: the next item.
    """

    def __init__(
        self, loudspeaker: Loudspeaker, pcm: NDArray[np.int16], rate: int, *, begins: int, until: int | None = None
    ) -> None:
        self._loudspeaker = loudspeaker
        self._track = loudspeaker.samples
        self._item = _at_clock_rate(pcm, rate)
        self._until = min(until if until is not None else len(loudspeaker), len(loudspeaker))
        self._claimed = begins
        quiet = silences(self._item, CLOCK_RATE, 0)
        self._lead = quiet[0][1] if quiet and quiet[0][0] == 0 else 0
        self.begins = self._find_start()
        """Where the item is first heard; None if it is not on the track about there."""

    def ends(self, after: int) -> int | None:
        """Return the first position from `after` on at which the item is silent for good, other sounds apart.

        None if it is heard until the next item begins.
        """
        after = min(after, self._until)
        for start, end in silences(self._track[after : self._until], CLOCK_RATE, 0):
            if after + end == self._until:
                return after + start
            if end - start >= _PAUSE and not self._goes_on(after + start, after + end):
                return after + start
        return None

    def cut(self, after: int) -> tuple[Interval, Interval] | None:
        """Return when the item fell silent for good after `after`, and how much of it had been heard by then.

        Both are intervals, as long as the item's own silence at that place. None if it was not cut off there.
        """
        silent = self.ends(after)
        if silent is None or self.begins is None:
            return None
        last = self._loudspeaker.falls_silent(max(self.begins, silent - _WINDOW))
        heard = self._heard_by(last)
        if heard is None:
            return None
        pause = self._unheard(last, heard)
        return Interval(silent, max(silent, last + pause)), Interval(heard, heard + pause)

    def _unheard(self, last: int, heard: int) -> int:
        """Return how much of the item after `heard` cannot be heard even if it was played after `last`.

        It is too soft, at the gain of the last 10 ms, or further down the fade that these show.
        """
        rest, window = self._item[heard:], _LEVELLED // 2
        played, item = self._track[max(0, last - 2 * window) : last], self._item[max(0, heard - 2 * window) : heard]
        before, gain = (_rms(played[at]) / max(1.0, _rms(item[at])) for at in (slice(-window), slice(-window, None)))
        slope = min(0.0, gain - before) / window
        # The gain was measured in the middle of its window.
        faded = np.maximum(0.0, gain + slope * (np.arange(len(rest)) + window / 2))
        steady = np.abs(rest) * gain >= _HEARD
        fading = (np.abs(rest) * faded >= _HEARD) | (faded == 0)
        return max(int(np.argmax(over)) if over.any() else len(rest) for over in (steady, fading))

    def _heard_by(self, position: int) -> int | None:
        """Return how much of the item had been heard when it sounded at `position` for the last time."""
        if self.begins is None:
            return None
        first = max(self.begins, position - _PIECE)
        piece = self._track[first:position]
        # Played late if the network stuttered, but never early.
        place, likeness = _locate(piece, self._item, highest=first - self.begins + self._lead + _EARLY)
        return place + len(piece) if likeness >= ALIKE else None

    def _goes_on(self, start: int, end: int) -> bool:
        """Whether the sound after a silence is the item again."""
        heard = self._heard_by(start)
        after = self._track[end : min(self._until, end + _PIECE)]
        # Only as far as it goes without a pause: something else may sound after it.
        pauses = [first for first, last in silences(after, CLOCK_RATE, 0) if last - first >= _PAUSE]
        piece = after[: pauses[0] if pauses else None]
        if heard is None or len(piece) < _LEVELLED:
            return False
        # In its place, or later if the network stuttered and the loudspeaker waited.
        lowest, highest = heard - _EARLY, heard + end - start + _EARLY
        return _locate(piece, self._item, lowest=lowest, highest=highest)[1] >= SAME

    def lowered(self, after: int) -> Interval | None:
        """Return when the item's level had fallen by `DUCK_DB`, at or after `after`; None if it did not."""
        places, gains = self._gains(after)
        before = gains[places < after]
        usual = before[-300:] if len(before) >= 20 else gains
        return _first(places, gains <= _usual(usual) - DUCK_DB, after)

    def restored(self, after: int) -> Interval | None:
        """Return when the item's level was its usual one again, at or after `after`; None if it was not."""
        places, gains = self._gains(after)
        return _first(places, gains >= _usual(gains) - BACK_DB, after)

    def _find_start(self) -> int | None:
        opening = self._item[self._lead : self._lead + _PIECE // 2]
        start = max(0, self._claimed - samples(300))
        place, likeness = _locate(opening, self._track[start : self._claimed + samples(1500) + len(opening)])
        return start + place if likeness >= ALIKE else None

    def _gains(self, near: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the gain (dB) from the item to the track in windows about `near`, and where they are.

        Only of windows in which the item is loud enough to tell.
        """
        none = np.zeros(0)
        if self.begins is None:
            return none, none
        silent = self.ends(near)
        start, end = max(self.begins, near - _PIECE), min(near + 4 * _PIECE, self._until if silent is None else silent)
        place, likeness = _locate(self._track[start : min(end, near + _PIECE)], self._item)
        if likeness < ALIKE:
            return none, none
        skipped, length = max(0, -place), min(end - start, len(self._item) - place)
        source = levels(self._item[place + skipped : place + length], _WINDOW, _HOP)
        heard = levels(self._track[start + skipped : start + length], _WINDOW, _HOP)
        # So loud that it is still told from silence when it is lowered a good deal.
        telling = source > SILENCE_DBFS + 2 * DUCK_DB
        places = start + skipped + np.arange(len(source)) * _HOP + _WINDOW // 2
        return places[telling], np.maximum(heard, SILENCE_DBFS - 20)[telling] - source[telling]


def _usual(gains: NDArray[Any]) -> float:
    """Return the gain of a reply that is not lowered, though most of it may be."""
    return float(np.percentile(gains, 90)) if len(gains) else 0.0


def _first(places: NDArray[Any], reached: NDArray[np.bool_], after: int) -> Interval | None:
    """Return between which two windows something was reached, at or after a position; None if it was not."""
    later = places >= after
    places, reached = places[later], reached[later]
    if not reached.any():
        return None
    index = int(np.argmax(reached))
    return Interval(int(places[index - 1]) if index else after, int(places[index]))


def _at_clock_rate(track: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    moved: NDArray[np.float32] = track.astype(np.float32)
    return moved if rate == CLOCK_RATE else soxr.resample(moved, rate, CLOCK_RATE, quality="HQ")


def _levelled(track: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the signal with its loudness evened out, so that a fade or a lowered part is as telling as any."""
    power = np.concatenate((np.zeros(_LEVELLED), np.square(track, dtype=np.float64), np.zeros(_LEVELLED)))
    summed = np.concatenate(([0.0], np.cumsum(power)))
    half = _LEVELLED // 2
    centre = np.arange(len(track)) + _LEVELLED
    loudness = np.sqrt(np.maximum(0.0, summed[centre + half] - summed[centre - half]) / _LEVELLED)
    evened: NDArray[np.float64] = track / (loudness + 8)
    return evened


def _locate(
    piece: NDArray[np.float32], within: NDArray[np.float32], *, lowest: int | None = None, highest: int | None = None
) -> tuple[int, float]:
    """Return where `piece` begins in `within`, and the correlation there (1: the same but for its loudness).

    It may hang over either end: the place can be negative. `lowest` and `highest` bound it.
    """
    n = len(piece)
    if n < _WINDOW or not len(within):
        return 0, 0.0
    pattern = _levelled(piece)
    padded = np.concatenate((np.zeros(n), _levelled(within), np.zeros(n)))
    size = 1 << (len(padded) + n - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(padded, size) * np.conj(np.fft.rfft(pattern, size)), size)[: len(padded) - n + 1]
    energy = np.concatenate(([0.0], np.cumsum(padded**2)))
    own = float(np.sum(pattern**2))
    # Next to silence, nothing is alike.
    score = product / np.sqrt(np.maximum(energy[n:] - energy[:-n], 0.05 * own) * own + 1e-9)
    first = 0 if lowest is None else min(max(0, lowest + n), len(score) - 1)
    last = len(score) if highest is None else min(max(first + 1, highest + n + 1), len(score))
    best = first + int(np.argmax(score[first:last]))
    return best - n, float(score[best])


def _rms(track: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(track, dtype=np.float64)))) if len(track) else 0.0
