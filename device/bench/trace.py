"""A reply followed along the loudspeaker track: which moment of it sounds when, and how loud.

The recording counts, and nothing that the device claims. The reply, as the engine sent it, is followed from its
beginning; where the track is not what comes next in it, the place that sounds instead is looked for: the reply waited
for the network, or jumped back to repeat what was said while it was lowered.

Positions are on the device's clock (16 kHz), of the track (`at`) or within the reply (`place`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from device.audio.measure import SILENCE_DBFS, dbfs, levels, speech_level
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.correlation import at_clock_rate, similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWERED_DB: Final = -12.0
"""Gain, relative to a reply's usual one, at which it is lowered."""
FULL_DB: Final = -3.0
"""Gain at which it is at its full level."""
SPOKEN_DB: Final = 25.0
"""What is so much weaker than the reply's speech is a pause in it."""
_HOP, _WINDOW = samples(10), samples(20)
"""Step and length of the windows in which the track is held against the reply."""
_FINE, _FINE_WINDOW = samples(1), samples(5)
"""Step and length of those in which loudness is told: as fine as times are."""
_PIECE = samples(250)
"""Of the track, as it is looked for in the reply: a syllable or two."""
_BACK, _ON = samples(8000), samples(1500)
"""How far before and after where it was expected the reply is looked for."""
_ALIKE = 0.7
"""Least correlation of a piece of the track with the place of the reply that it is taken for: a choice. A place that is
wrong moves a figure by seconds, one that is not found by a window."""
_TELLING_DBFS = -42.0
"""A window of the reply loud enough to tell how loud it is on the track, lowered though it may be."""
_LEAST = samples(50)
"""Samples that must be audible for a place to be found by them."""
_FADE = samples(60)
"""Longer than the playout's own fades: a reply that is lowered and held is silent within 40 ms."""
_BLOCK = samples(5)
"""In which the gain of a fade is taken for one."""
_LOUD_DBFS = -66.0
"""What is softer is not told from the rest of a fade."""
_AUDIBLE = 30.0
"""int16 steps: of a reply, what is not lost in a fade."""


class Dip(Struct, frozen=True):
    """The reply was lowered: after `first` and by `last` at the latest, for between the two it was silent itself.

    It was back at its full level by `back`, after `low`; None if it did not come back.
    """

    first: int
    last: int
    low: int
    back: int | None


class Track:
    """A loudspeaker track, `(n,) int16` at `rate`, at the device's clock."""

    def __init__(self, track: NDArray[np.int16], rate: int) -> None:
        self.samples = at_clock_rate(track, rate)
        self._sounding = np.flatnonzero(track)
        self._scale = CLOCK_RATE / rate

    def last_sound(self, start: int, end: int) -> int | None:
        """Return the position after the last sample that is not zero between two; None if there is none."""
        # Whole numbers: for others, all positions would be converted at every call.
        bounds = np.array([start / self._scale, end / self._scale]).astype(self._sounding.dtype)
        first, last = np.searchsorted(self._sounding, bounds)
        return None if first == last else round((int(self._sounding[last - 1]) + 1) * self._scale)


class Trace:
    """The reply `pcm`, `(n,) int16` at `rate`, on a track between `begins` and `until`, where another may begin.

    `gain_db` is what the reply is played at when it is not lowered. `begins` is about where it is said to begin: up to
    1 s early or late.
    """

    def __init__(
        self, track: Track, pcm: NDArray[np.int16], rate: int, *, begins: int, until: int, gain_db: float
    ) -> None:
        self._track = track
        self.item = at_clock_rate(pcm, rate)
        self._until = min(until, len(track.samples))
        self._unit_db = gain_db
        self._origin = max(0, begins - samples(300))
        self._place = np.full(max(0, self._until - self._origin), -1, np.int64)
        self._audible = np.zeros(len(self._place), bool)
        self.begins = self._find_start(begins)
        """Where it is first heard; None if it is not found."""
        if self.begins is not None:
            self._follow(self.begins)
        self._times, self._gains = self._measure()
        self.ends = track.last_sound(self.begins, self._until) if self.begins is not None else None
        """Where it is silent for good."""

    def place(self, at: int) -> int | None:
        """Return which moment of the reply sounds at a position, or would if it were not silenced.

        None before and after the reply. Where one moment fades into another, it is the first that goes on.
        """
        end = max(0, at - self._origin + 1)
        known = np.flatnonzero(self._place[max(0, end - _FADE) : end] >= 0)
        if not len(known):
            return None
        index = max(0, end - _FADE) + int(known[-1])
        return int(self._place[index]) + end - 1 - index

    @property
    def heard(self) -> tuple[int, int]:
        """Up to where the reply was heard: at least and at most. Between the two, it is silent itself."""
        if self.begins is None or self.ends is None or not self._audible.any():
            return 0, 0
        # Not what sounded last: that may have been a repeat.
        furthest = int(np.argmax(np.where(self._audible, self._place, -1)))
        place = int(self._place[furthest]) + 1
        faded = self.ends - self._origin - furthest - 1
        if 0 <= faded < _FADE:  # the end of a fade is too soft to be recognised, but goes on from where it was
            place = min(len(self.item), place + faded)
        level = levels(self.item[place:], _HOP, _FINE) + self._unit_db
        loud = np.flatnonzero(level >= _LOUD_DBFS)
        return place, place + int(loud[0]) * _FINE if len(loud) else len(self.item)

    @property
    def whole(self) -> bool:
        """Whether the reply was heard to the end of the speech in it."""
        return not self._spoken()[-(-self.heard[0] // _FINE) :].any()

    def silent_for_good(self) -> int | None:
        """Return from where on nothing is louder than -60 dBFS; None if the reply was not found."""
        if self.begins is None:
            return None
        level = levels(self._track.samples[self.begins : self._until], _FINE_WINDOW, _FINE)
        loud = np.flatnonzero(level >= SILENCE_DBFS)
        return self.begins + (int(loud[-1]) * _FINE + _FINE_WINDOW if len(loud) else 0)

    def dips(self) -> list[Dip]:
        """Return each time that the reply was lowered and what became of it, up to where it ends."""
        found: list[Dip] = []
        ends = self.ends or 0
        before = low = self._origin
        last: int | None = None
        first = 0
        for at, gain in zip(self._times, self._gains, strict=True):
            if at > ends:
                break
            if last is None:
                if gain <= LOWERED_DB:
                    first, last, low = before, int(at), int(at)
                before = int(at)
            elif gain >= FULL_DB:
                found.append(Dip(first, last, low, int(at)))
                last, before = None, int(at)
            else:
                low = int(at)
        if last is not None:
            found.append(Dip(first, last, low, None))
        return found

    def lost_ms(self, start: int, end: int) -> float:
        """Return the longest passage of speech, in ms, which sounded between two positions and never at full level."""
        if not len(self._times):
            return 0.0
        grid = np.arange(start, min(end, self._until), _FINE)
        index = grid - self._origin
        index = index[(index >= 0) & (index < len(self._place))]
        concerned = np.unique(self._place[index[self._place[index] >= 0]] // _FINE)
        if not len(concerned):
            return 0.0
        full = self._fully_heard()
        heard_to = self.heard[0] // _FINE
        spoken = self._spoken()
        first, last = int(concerned[0]), min(int(concerned[-1]), heard_to, len(full) - 1, len(spoken) - 1)
        longest = run = 0
        for ms in range(first, last + 1):
            run = 0 if full[ms] else run + int(spoken[ms])
            longest = max(longest, run)
        return float(longest)

    def _fully_heard(self) -> NDArray[np.bool_]:
        """Return for each ms of the reply whether it was heard at full level, maybe the second time."""
        full = np.zeros(len(self.item) // _FINE + 1, bool)
        index = np.arange(0, len(self._place), _FINE)
        places = self._place[index]
        at = self._origin + index
        # In the reply's own pauses its gain is that of the nearest moment that tells.
        nearest = np.clip(np.searchsorted(self._times, at), 1, len(self._times) - 1) if len(self._times) > 1 else 0
        nearest = nearest - (
            np.abs(at - self._times[np.maximum(nearest, 1) - 1]) < np.abs(self._times[nearest] - at)
        ) * (nearest > 0)
        loud = (self._gains[nearest] >= FULL_DB) & (places >= 0)
        full[np.minimum(places[loud] // _FINE, len(full) - 1)] = True
        # Places go on in steps of whole samples; a jump can leave a ms out that was heard all the same.
        bridged: NDArray[np.bool_] = full | (np.roll(full, 1) & np.roll(full, -1))
        return bridged

    def _spoken(self) -> NDArray[np.bool_]:
        level = levels(self.item, _FINE_WINDOW, _FINE)
        spoken: NDArray[np.bool_] = level > speech_level(self.item, CLOCK_RATE) - SPOKEN_DB
        return spoken

    def _find_start(self, begins: int) -> int | None:
        loud = np.flatnonzero(np.abs(self.item) >= _AUDIBLE)
        if not len(loud):
            return None
        lead = int(loud[0])
        piece = self.item[lead : lead + 2 * _PIECE]
        field = self._track.samples[self._origin : begins + samples(1500) + len(piece)]
        place, likeness = _locate(piece, field)
        if likeness < _ALIKE:
            return None
        self._lead = lead
        return self._origin + place

    def _follow(self, start: int) -> None:
        """Fill in which moment of the reply sounds at each position of the track from `start` on."""
        track, item = self._track.samples, self.item
        shift, lost = start - self._lead, False
        for at in range(start, self._until, _HOP):
            heard = track[at : min(at + _WINDOW, self._until)]
            place = at - shift
            if (lost and _loud(heard)) or not _agree(heard, item[place : place + len(heard)]):
                found = self._search(at, place)
                lost = found is None
                if found is None:  # one fading into another
                    continue
                shift = at - found
                place = found
            if place < len(item):
                end = min(at + _HOP, self._until, at + len(item) - place)
                here = slice(at - self._origin, end - self._origin)
                self._place[here] = np.arange(place, place + end - at)
                # What is too soft to be recognised is what was expected only if it goes on without a break.
                index, last = at - self._origin, self._track.last_sound(at, end)
                if last is not None and (_loud(heard[: end - at]) or self._audible[index - 1]):
                    self._audible[index : last - self._origin] = True

    def _search(self, at: int, place: int) -> int | None:
        """Return which moment of the reply sounds at a position where `place` was expected, and does not."""
        piece = self._track.samples[at : min(at + _PIECE, self._until)]
        audible = np.flatnonzero(np.abs(piece) >= _AUDIBLE)
        if len(audible) < _LEAST:  # so short a sound is like many
            return None
        piece = piece[: audible[-1] + 1]  # of a moment that is cut off, the silence after it tells nothing
        first = max(0, place - _BACK)
        found, likeness = _locate(piece, self.item[first : place + _ON + len(piece)])
        return first + found if likeness >= _ALIKE else None

    def _measure(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the gain, relative to the usual one, in windows that tell it, and where they are."""
        known = self._place >= 0
        source = np.zeros(len(self._place), np.float32)
        source[known] = self.item[self._place[known]]
        expected = levels(source, _FINE_WINDOW, _FINE)
        heard = levels(self._track.samples[self._origin : self._until], _FINE_WINDOW, _FINE)
        telling = expected[: len(heard)] > _TELLING_DBFS
        # A window that reaches over a jump compares two moments with a mixture of them.
        steady = np.array([self._steady(int(i) * _FINE) for i in np.flatnonzero(telling)], bool)
        times = np.flatnonzero(telling)[steady]
        gains = np.maximum(heard[times], -100) - expected[times] - self._unit_db
        return self._origin + times * _FINE + _FINE_WINDOW // 2, gains

    def _steady(self, index: int) -> bool:
        places = self._place[index], self._place[min(index + _FINE_WINDOW, len(self._place)) - 1]
        return bool(places[0] >= 0 and places[1] - places[0] == _FINE_WINDOW - 1)


def _agree(heard: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Return whether what is heard can be what is expected, at some gain."""
    if not _loud(heard):  # silence says nothing against it
        return True
    if len(expected) < len(heard):
        return not len(expected) or _agree(heard[: len(expected)], expected)
    n = len(heard) // _BLOCK * _BLOCK
    if not n:
        return True
    # In a fade the gain is another from block to block.
    played, source = heard[:n].reshape(-1, _BLOCK), expected[:n].reshape(-1, _BLOCK)
    product = np.maximum(0.0, np.sum(played * source, axis=1))
    explained = np.sum(product**2 / np.maximum(1.0, np.sum(source**2, axis=1)))
    return bool(explained >= _ALIKE**2 * np.sum(played**2))


def _loud(heard: NDArray[np.float32]) -> bool:
    """Return whether a piece of the track is loud enough to be recognised."""
    return dbfs(heard) >= _LOUD_DBFS


def _locate(piece: NDArray[Any], within: NDArray[Any]) -> tuple[int, float]:
    """Return where `piece` begins in `within`, and the correlation there; 0 if it does not fit."""
    n = len(piece)
    if n < _WINDOW or len(within) < n:
        return 0, 0.0
    score = similarity(piece, within, least=0.01)
    best = int(np.argmax(score))
    return best, float(score[best])
