"""What an echo canceller makes of a recording: where the echo of what was played is, and how much of it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.audio.echo.canceller import FRAME, EchoCanceller
from device.audio.resample import resample
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAYED: Final = 30.0
"""RMS of a frame of the reference, in steps of 16 bits, from which its echo says something: -60 dBFS, a choice."""


class EchoFound(Struct, frozen=True):
    """What became of the echo."""

    delay_ms: float | None
    """From a sample of the loudspeaker to its echo at the microphone; None if there was none."""
    removed_db: float | None
    """By how much less was left over of what was heard in the last third of what was played; None without an echo."""


def try_out(microphone: NDArray[np.int16], reference: NDArray[np.int16], rate: int, tail_ms: int) -> EchoFound:
    """Let a new canceller hear both tracks, `(n,) int16` at `rate`, of which the reference was played meanwhile."""
    heard, played = (resample(track, rate, CLOCK_RATE) for track in (microphone, reference))
    canceller = EchoCanceller(tail_ms)
    powers = []
    for start in range(0, min(len(heard), len(played)) - FRAME + 1, FRAME):
        mic, ref = heard[start : start + FRAME], played[start : start + FRAME]
        canceller.cancel(mic, ref)
        if float(np.mean(np.square(ref, dtype=np.float64))) > PLAYED**2:
            powers.append([float(np.sum(np.square(track, dtype=np.float64))) for track in (mic, canceller.linear)])
    if canceller.alignment.lag is None or not powers:
        return EchoFound(None, None)
    before, after = np.sum(powers[2 * len(powers) // 3 :], axis=0)
    removed = 10 * float(np.log10(max(before, 1.0) / max(after, 1.0)))
    return EchoFound(1000 * canceller.alignment.lag / CLOCK_RATE, removed)
