"""A test of microphone and loudspeaker together: how loud the room is, and how long sound takes to come back.

Chirps are played and looked for in the microphone's ring by matched filter. The delay found is the one that the echo
canceller sees, from a frame of the reference to its echo at the microphone: buffers of both directions and the air.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from device.audio.measure import FULL_SCALE, dbfs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.base import Card

SETTLE_S = 0.4
"""Left out at the start: many cards click or fade in. More would only make the check longer."""
LISTEN_S = 1.0
"""How long the room is listened to before the chirps, for its level: a single noise does not decide it."""
CHIRPS = 3
"""One may be missed, by a cough, and two still agree."""
CHIRP_S = 0.25
"""The longer, the more of the noise the matched filter takes out, and the more there is to listen to: with `CHIRP_HZ`
its time-bandwidth product is 900, a processing gain of up to 30 dB."""
LONGEST_DELAY_S = 1.0
"""Echoes later than this are not looked for; the time from chirp to chirp leaves room for them."""
CHIRP_HZ = (400.0, 4000.0)
"""What small loudspeakers can play and 16 kHz microphones can hear."""
LEAST_CORRELATION = 0.12
"""Normalised correlation from which an echo counts; noise of this bandwidth and length stays below 0.1."""
AGREEMENT_S = 0.005
"""How far the delays of two chirps may lie apart: 1.7 m of air, about as late as a small room's strongest
reflection."""
SILENT_DBFS = -80.0
"""A microphone quieter than this may hear nothing: most quiet rooms are louder."""
CLIPPING_PEAK = 0.99
"""Of full scale; a converter that clips may stop short of the last step."""
LOUD_DBFS = -35.0
"""A room louder than this, while nobody speaks, leaves little for the wake word."""
STALL_S = 10.0
"""A card that has delivered no second of sound within this long stands still: ten times as long as it should take."""


class SoundCheck(Struct, frozen=True):
    """What was found."""

    level: float
    """Of the room before the chirps, dBFS RMS."""
    peak: float
    """The same, highest sample, 0 to 1."""
    delay_ms: float | None
    """From the loudspeaker's reference to its echo in the microphone's ring; None if no echo was heard."""
    echo_level: float
    """Of the microphone while the chirps were heard, dBFS RMS."""


class ChirpSource:
    """Plays silence for `SETTLE_S + LISTEN_S` from where the card stands now, then the chirps, then silence."""

    def __init__(self, card: Card, volume: float) -> None:
        """Make the track; `volume` is the chirps' peak, 0 to 1."""
        gap = np.zeros(round(LONGEST_DELAY_S * card.rate), np.int16)
        lead = np.zeros(round((SETTLE_S + LISTEN_S) * card.rate), np.int16)
        one = chirp(card.rate, volume)
        self.track = np.concatenate([lead, *(CHIRPS * [one, gap])])
        self.starts = [len(lead) + i * (len(one) + len(gap)) for i in range(CHIRPS)]
        self.origin = card.mic.position

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out`; see `card.Source`."""
        piece = self.track[position - self.origin : position - self.origin + len(out)]
        out[: len(piece)] = piece
        out[len(piece) :] = 0

    def skip(self, frames: int) -> None:
        """Go by the card's position: what would have been played meanwhile is not."""


def chirp(rate: int, volume: float) -> NDArray[np.int16]:
    """Return a sweep of `CHIRP_S` through `CHIRP_HZ`, `(n,) int16`, faded in and out over its whole length."""
    t = np.arange(round(CHIRP_S * rate)) / rate
    low, high = CHIRP_HZ
    phase = 2 * np.pi * (low * t + (high - low) / (2 * CHIRP_S) * t**2)
    swept = np.sin(phase) * np.hanning(len(t))
    block: NDArray[np.int16] = (swept * volume * (FULL_SCALE - 1)).astype(np.int16)
    return block


def check_sound(card: Card, source: ChirpSource) -> SoundCheck | None:
    """Listen while `card`, opened with `source` just now, plays it; takes 5 s. None if the card stands still."""
    cursors = card.mic.cursor(source.origin), card.reference.cursor(source.origin)
    tracks: tuple[list[NDArray[np.int16]], ...] = ([], [])
    for start in range(0, len(source.track), card.rate):
        for cursor, track in zip(cursors, tracks, strict=True):
            block = cursor.read(min(card.rate, len(source.track) - start), STALL_S)
            if block is None or cursor.lost:
                return None
            track.append(block)
    microphone, reference = (np.concatenate(track) for track in tracks)
    room = microphone[round(SETTLE_S * card.rate) : source.starts[0]]
    return SoundCheck(
        level=dbfs(room),
        peak=float(np.abs(room.astype(np.int32)).max()) / FULL_SCALE,
        delay_ms=echo_delay(reference, microphone, card.rate, source.starts),
        echo_level=dbfs(microphone[source.starts[0] :]),
    )


def echo_delay(
    reference: NDArray[np.int16], microphone: NDArray[np.int16], rate: int, starts: list[int]
) -> float | None:
    """Return the delay in ms of the chirps that begin at `starts` on both tracks; None if they are not to be heard.

    Each chirp is looked for by normalised cross-correlation. It counts as heard if most chirps are found at nearly
    the same delay, which noise does not bring about.
    """
    length, longest = round(CHIRP_S * rate), round(LONGEST_DELAY_S * rate)
    found = []
    for start in starts:
        played = reference[start : start + length].astype(np.float64)
        heard = microphone[start : start + length + longest].astype(np.float64)
        lag, correlation = _best_match(played, heard)
        if correlation >= LEAST_CORRELATION:
            found.append(lag / rate)
    if 2 * len(found) <= len(starts):
        return None
    middle = float(np.median(found))
    agreeing = [delay for delay in found if abs(delay - middle) <= AGREEMENT_S]
    return 1000 * float(np.mean(agreeing)) if 2 * len(agreeing) > len(starts) else None


def _best_match(pattern: NDArray[np.float64], track: NDArray[np.float64]) -> tuple[int, float]:
    """Return where `track` is most like `pattern`, and their normalised correlation there, whatever the sign."""
    size = 1 << (len(track) + len(pattern) - 1).bit_length()
    spectrum = np.fft.rfft(track, size) * np.conj(np.fft.rfft(pattern, size))
    product = np.abs(np.fft.irfft(spectrum, size)[: len(track) - len(pattern) + 1])
    power = np.concatenate(([0.0], np.cumsum(track**2)))
    energy = power[len(pattern) :] - power[: -len(pattern)]
    scale = np.sqrt(np.maximum(energy, 1.0) * max(float(np.sum(pattern**2)), 1.0))
    correlation = product / scale
    # The loudest match is the direct way; a fainter one can be as like only in a silent place of the track.
    best = int(np.argmax(product))
    return best, float(correlation[best])
