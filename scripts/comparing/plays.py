"""Which reply sounds when on the loudspeaker's track. Frames are those of the recording, 48 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from device.audio.measure import SILENCE_DBFS, levels
from device.audio.resample import resample
from device.bench.likeness import locate
from device.bench.trace import Trace, Track
from device.bench.virtual_card import RATE
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE
from scripts.comparing.room import NOTHING_DB, PAUSE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_HOP, _WINDOW = RATE // 1000, RATE // 200
_BEGINS_S: Final = 1.5
"""A reply that has not begun so long after its first audio was sent is not heard at all."""
_HELD_S: Final = 2.5
"""A silence that is longer is not within a reply."""
_MARGIN: Final = RATE // 2
"""Frames before and after what was played that are looked at, too."""


class Play(Struct, frozen=True):
    """A reply on the loudspeaker, from its first sample to its last."""

    item: str
    sounds: tuple[tuple[int, int], ...]
    """Where it sounds: parted by silences of 150 ms or more."""

    @property
    def start(self) -> int:
        """Its first frame."""
        return self.sounds[0][0]

    @property
    def end(self) -> int:
        """The frame after its last."""
        return self.sounds[-1][1]

    def silence_ms(self, start: int, end: int) -> float:
        """Return how long it was silent between two frames, and went on."""
        gaps = zip(self.sounds, self.sounds[1:], strict=False)
        return sum(max(0, min(end, b) - max(start, a)) for (_, a), (b, _) in gaps) * 1000 / RATE

    def pauses(self, start: int, end: int) -> int:
        """Return how often it fell silent between two frames, and went on."""
        return sum(start <= last < end for _, last in self.sounds[:-1])


def passages(track: NDArray[Any]) -> list[tuple[int, int]]:
    """Return where the loudspeaker plays: (start, end) frames, with silences of less than 150 ms inside them."""
    heard = np.flatnonzero(levels(track, _WINDOW, _HOP) > NOTHING_DB)
    if not len(heard):
        return []
    gaps = np.flatnonzero(np.diff(heard) >= PAUSE_MS)
    starts, ends = np.append(heard[0], heard[gaps + 1]), np.append(heard[gaps], heard[-1])
    # A window that is the first to be loud enough is so for its last frames; one that is the last, for its first.
    edge = _WINDOW - _HOP
    return [(int(s) * _HOP + (edge if s else 0), int(e) * _HOP + _HOP) for s, e in zip(starts, ends, strict=True)]


def plays(found: Sequence[tuple[int, int]], sent: Sequence[tuple[str, int]]) -> list[Play]:
    """Return the replies among the passages; `sent` are items, and the frames at which their first audio was sent."""
    begins: list[tuple[int, str]] = []
    after = -1
    for item, at in sent:
        start = next((s for s, _ in found if at <= s < at + _BEGINS_S * RATE and s > after), None)
        if start is not None:
            begins.append((start, item))
            after = start
    made = []
    for index, (start, item) in enumerate(begins):
        until = begins[index + 1][0] if index + 1 < len(begins) else None
        sounds: list[tuple[int, int]] = []
        for first, last in found:
            late = bool(sounds) and first - sounds[-1][1] > _HELD_S * RATE
            if late or (until is not None and first >= until):
                break
            if first >= start:
                sounds.append((first, last))
        made.append(Play(item, tuple(sounds)))
    return made


def over(found: Sequence[Play], at: int) -> Play | None:
    """Return the reply that is being played at a frame."""
    return next((play for play in found if play.start <= at < play.end), None)


def silent_after_ms(track: NDArray[Any], onset: int, play: Play) -> float:
    """Return how long after `onset` a reply was below -60 dBFS for good."""
    loud = np.flatnonzero(levels(track[onset : play.end], _WINDOW, _HOP) >= SILENCE_DBFS)
    return float(loud[-1] * _HOP + _HOP) * 1000 / RATE if len(loud) else 0.0


def heard_ms(track: NDArray[np.int16], play: Play, reply: NDArray[np.int16], claim_ms: int) -> float | None:
    """Return how much of `reply`, (n,) int16 at 24 kHz, was heard in a play; None if it is not recognised there.

    A trace of the whole reply tells to the sample, where it can follow; where it is silent, and a recording cannot
    tell, what is nearest to the claim counts. Of a reply that stuttered, what sounds last tells to a few ms.
    """
    # A reply may have stood still, but it never ran ahead.
    beginning = reply[: round((play.end - play.start) / RATE * WIRE_RATE) + WIRE_RATE]
    last = _last_ms(track, play, beginning)
    if last is None:
        return None
    first = max(0, play.start - _MARGIN)
    trace = Trace(
        Track(track[first : play.end + _MARGIN], RATE),
        beginning,
        WIRE_RATE,
        begins=(play.start - first) * CLOCK_RATE // RATE,
        until=(play.end + _MARGIN - first) * CLOCK_RATE // RATE,
        gain_db=0.0,
    )
    least, most = (place * 1000 / CLOCK_RATE for place in trace.heard)
    traced = min(most, max(least, float(claim_ms)))
    # Only a reply that halted may have gone back, and been heard further than to what sounds last.
    further = traced > last and len(play.sounds) > 1
    return traced if abs(traced - last) <= _NEAR_MS or further else last


def _last_ms(track: NDArray[np.int16], play: Play, reply: NDArray[np.int16]) -> float | None:
    """Return which moment of a reply sounds last in a play; there is a hiss in all of it, so each can be told."""
    piece = track[max(play.start, play.end - _TAIL) : max(play.start, play.end - _FADE)]
    place, likeness = locate(resample(piece, RATE, CLOCK_RATE), resample(reply, WIRE_RATE, CLOCK_RATE))
    if likeness < _ALIKE:
        return None
    return place * 1000 / CLOCK_RATE + (play.end - max(play.start, play.end - _TAIL)) * 1000 / RATE


_TAIL, _FADE = round(0.3 * RATE), round(0.04 * RATE)
"""Before its end, what is looked for: without a fade, that may end it."""
_ALIKE: Final = 0.7
"""Correlation from which a piece counts as found in the reply."""
_NEAR_MS: Final = 30.0
"""Two ways of finding the end that differ by less have found the same."""
