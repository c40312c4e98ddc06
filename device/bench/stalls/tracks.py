"""What the loudspeaker made of each reply: where it sounds, how loud, and what is missing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from device.audio.measure import levels
from device.audio.resample import resample
from device.bench.virtual_card import LOUDSPEAKER, RATE
from device.sample_clock import CLOCK_RATE
from device.simulation.correlation import similarity
from device.simulation.scripted_reply import RATE as WIRE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.bench.stalls.room import Recording

PIECE: Final = CLOCK_RATE * 150 // 1000
"""What is looked for at a time: about a syllable, which is like no other."""
HOP: Final = CLOCK_RATE // 20
LOUD_DB: Final = -45.0
"""dBFS of a piece that is looked for: 20 dB below the speech."""
LONG: Final = 3 * PIECE
"""What is looked for where a reply may be anywhere."""
ALIKE: Final = 0.7
"""Correlation from which a piece counts as found: what is there has 0.75 to 0.99, resampled as it was."""
BEGINS_S: Final = 1.5
"""A reply begins within so long of its first audio's being sent, or is never heard."""
NEAR, FAR = CLOCK_RATE * 60 // 1000, CLOCK_RATE * 2
"""How much sooner, and how much later than after the piece before, a piece is looked for: replies may stand still."""
DIP_DB: Final = 6.0
"""By how much a reply must be lowered to count."""
HOLE_MS: Final = 20.0
"""From which a silence in a reply counts."""
APART_S: Final = 0.3
"""Lower moments that are nearer than that are one."""


class Piece(Struct, frozen=True):
    """A piece of a reply that was found on the loudspeaker."""

    place: int
    """In the reply, at 16 kHz."""
    at: int
    """On the track, at 16 kHz."""
    gain_db: float


class Heard(Struct, frozen=True):
    """A reply on the loudspeaker. Times are `time.monotonic`'s."""

    item: str
    sent: float
    """When its first audio was about to be sent."""
    began: float
    """When its first sample was played; NaN if never."""
    ended: float
    """When its last one was."""
    dips: list[float]
    """When it was lowered by more than 6 dB."""
    held_ms: float
    """For how long it stood still or was silent, all in all."""
    holes_ms: list[tuple[float, float]]
    """When it stood still or was silent for 20 ms or more, and for how long."""
    missing_ms: float
    """How much of what came before its end was not heard, about."""


def hear(recording: Recording, item: str, sent: float, reply: NDArray[np.int16], until: float) -> Heard:
    """Return what became of a `reply`, (n,) int16 at 24 kHz, sent from `sent` on; the next, from `until` on."""
    start = max(0, recording.frame(sent) - RATE // 10)
    end = min(len(recording.tracks), recording.frame(until) + RATE // 10)
    track = resample(recording.tracks[start:end, LOUDSPEAKER], RATE, CLOCK_RATE)
    whole = resample(reply, WIRE_RATE, CLOCK_RATE)
    found = follow(track.astype(np.float64), whole.astype(np.float64))
    if not found:
        return Heard(item, sent, float("nan"), float("nan"), [], 0.0, [], 0.0)

    def moment(at: int) -> float:
        return recording.moment(start + at * RATE // CLOCK_RATE)

    usual = float(np.median([piece.gain_db for piece in found]))
    low = [moment(piece.at) for piece in found if piece.gain_db < usual - DIP_DB]
    dips = [at for number, at in enumerate(low) if not number or at > low[number - 1] + APART_S]
    shifts = np.array([piece.at - piece.place for piece in found])
    moved = np.diff(shifts) * 1000 / CLOCK_RATE
    holes = [(moment(found[k].at), float(ms)) for k, ms in enumerate(moved) if ms >= HOLE_MS]
    places = {piece.place for piece in found}
    wanted = [place for place in loud_places(whole) if place <= found[-1].place]
    missing = sum(place not in places for place in wanted) * HOP * 1000 / CLOCK_RATE
    began = moment(int(shifts[0]) + first_sound(whole))
    return Heard(item, sent, began, moment(found[-1].at + PIECE), dips, float(np.sum(moved[moved > 0])), holes, missing)


def follow(track: NDArray[np.float64], whole: NDArray[np.float64]) -> list[Piece]:
    """Return the pieces of `whole` that are found on `track`, one after the other, both (n,) at 16 kHz."""
    made: list[Piece] = []
    lag: int | None = None
    for place in loud_places(whole):
        # Nothing is as alike as a syllable to the same one said again: farther away, more of them must fit.
        at = None if lag is None else _look(track, whole, place, PIECE, (place + lag - NEAR, place + lag + NEAR))
        if at is None:
            first = 0 if lag is None else place + lag + NEAR
            last = round(BEGINS_S * CLOCK_RATE) if lag is None else place + lag + FAR
            at = _look(track, whole, place, LONG, (first, last))
        if at is not None:
            piece, part = whole[place : place + PIECE], track[at : at + PIECE]
            gain = abs(float(part @ piece)) / float(piece @ piece)
            made.append(Piece(place, at, 20 * np.log10(max(gain, 1e-6))))
            lag = at - place
    return made


def _look(
    track: NDArray[np.float64], whole: NDArray[np.float64], place: int, size: int, bounds: tuple[int, int]
) -> int | None:
    """Return where the piece of `whole` at a place begins on the track, within bounds; None if it is not there."""
    piece = np.diff(whole[place : place + size])
    first = max(0, bounds[0])
    within = np.diff(track[first : max(first, bounds[1]) + size])
    if len(piece) < size - 1 or len(within) < len(piece):
        return None
    score = similarity(piece, within, least=1e-6)
    best = int(np.argmax(score))
    return first + best if score[best] >= ALIKE else None


def loud_places(whole: NDArray[Any]) -> list[int]:
    """Return where the pieces begin that are loud enough to be looked for."""
    found = levels(whole, PIECE, HOP)
    return [int(place) * HOP for place in np.flatnonzero(found > LOUD_DB)]


def first_sound(whole: NDArray[Any]) -> int:
    """Return the first sample that is not silence."""
    return int(np.argmax(np.abs(whole) > 0)) if whole.any() else 0
