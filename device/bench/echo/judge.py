"""What a canceller does with a scene, and what is left in it of the echo and of a visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.echo.canceller import EchoCanceller
from device.audio.measure import FULL_SCALE
from device.bench.echo.rooms import BLOCK, CHANGE_S, SETTLED_S, VISITOR_S
from device.listen.near_end import Excess
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.bench.echo.cards import Taped
    from device.bench.echo.rooms import Scene, Sound

TAIL_MS = 300
"""As the settings have it by default."""
CONVERGED_DB = 15.0
"""So much of the echo must be gone for the canceller to know the room: a choice, half of what it reaches in the end."""
WINDOW_S, HOP_S = 0.25, 0.05
"""Length and step of the windows in which convergence is looked for: a syllable, so that there is speech in it."""
PART_GOOD = 0.9
"""Of the windows of the next second must have lost that much echo."""
AUDIBLE_DBFS = -50.0
"""A softer echo is in a pause of the device's, and tells nothing."""
AGAIN_S = 1.0
"""For so long after something happened to the echo it may be found again; what is left meanwhile is no ERLE."""


class Heard(Struct, frozen=True):
    """What a canceller did in a room."""

    erle: float
    sdr: float
    convergence: float
    reconvergence: float


class Found(Struct, frozen=True):
    """What a canceller did with a card that goes wrong."""

    erle: float
    """While nothing happens, or has just happened."""
    convergence: float
    again: list[float]
    """How soon the echo is gone again after each thing that happened, in s."""


class Outputs(Struct, frozen=True):
    """A canceller's outputs, at the positions of what went in."""

    clean: NDArray[np.int16]
    linear: NDArray[np.int16]
    excess: NDArray[np.float32]


def cancel(played: NDArray[np.int16], heard: NDArray[np.int16], missing: NDArray[np.bool_] | None = None) -> Outputs:
    """Run a new canceller over what was played and heard, `(n * 160,) int16`, of which blocks may be missing."""
    canceller = EchoCanceller(TAIL_MS)
    clean, linear, excess = [], [], []
    for number, (mic, reference) in enumerate(zip(_blocks(heard), _blocks(played), strict=True)):
        lost = None if missing is None else missing[number : number + 1]
        clean.append(canceller.cancel(mic, reference, lost))
        linear.append(canceller.linear)
        excess.append(canceller.excess)
    late = np.zeros(canceller.delay, np.int16)
    return Outputs(np.concatenate((*clean, late))[canceller.delay :], np.concatenate(linear), np.concatenate(excess))


def judge(scene: Scene, output: NDArray[np.int16]) -> Heard:
    """Say what `output` holds of the echo and of the visitor; what is not to be had is NaN."""
    out = output.astype(np.float32) / FULL_SCALE
    alone = slice(samples(1000 * SETTLED_S), samples(1000 * VISITOR_S[0]))
    both = np.concatenate([np.arange(*part) for part in scene.sentences] or [np.arange(0)])
    visitor = scene.visitor[both]
    levels = erle_windows(scene.echo, out)
    until = VISITOR_S[0] - 1.0
    return Heard(
        db(scene.heard[alone] / FULL_SCALE, out[alone]),
        db(visitor, out[both] - visitor) if len(both) else float("nan"),
        converged([(at, level) for at, level in levels if at < until], 0.0),
        converged([(at, level) for at, level in levels if at >= CHANGE_S], CHANGE_S),
    )


def judge_card(taped: Taped, output: NDArray[np.int16]) -> Found:
    """Say what `output` holds of the echo, and how soon it is gone again whenever something happened to it."""
    out = output.astype(np.float32) / FULL_SCALE
    levels = erle_windows(taped.echo, out)
    calm = np.zeros(len(out), np.bool_)
    calm[samples(1000 * SETTLED_S) :] = True
    for at in taped.changes:
        calm[at : at + samples(1000 * AGAIN_S)] = False
    calm &= ~np.repeat(taped.missing, BLOCK)
    since = [at / CLOCK_RATE for at in taped.changes]
    end = len(out) / CLOCK_RATE
    until = [*since[1:], end] if since else []
    return Found(
        db(taped.echo[calm], out[calm]),
        converged([(at, level) for at, level in levels if at < [*since, end][0] - WINDOW_S], 0.0),
        [
            converged([(at, level) for at, level in levels if first <= at < last - WINDOW_S], first)
            for first, last in zip(since, until, strict=True)
        ],
    )


def erle_windows(echo: Sound, out: NDArray[np.floating[Any]]) -> list[tuple[float, float]]:
    """Return (start in s, dB less than the echo) of the windows in which there is an echo."""
    length, found = samples(1000 * WINDOW_S), []
    for at in range(0, len(echo) - length, samples(1000 * HOP_S)):
        part = slice(at, at + length)
        if db(echo[part], np.full(length, 10 ** (AUDIBLE_DBFS / 20))) > 0:
            found.append((at / CLOCK_RATE, db(echo[part], out[part])))
    return found


def converged(levels: Sequence[tuple[float, float]], since: float) -> float:
    """Return the end of the first window, in s after `since`, from which on nearly all of the next second are good."""
    ahead = round(1 / HOP_S)
    for number, (at, _) in enumerate(levels):
        following = [level >= CONVERGED_DB for _, level in levels[number : number + ahead]]
        if np.mean(following) >= PART_GOOD:
            return at + WINDOW_S - since
    return float("inf")


def near_end(excess: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each block of 10 ms whether the capture thread takes the last ones for something at the near end."""
    seen, found = Excess(), np.zeros(len(excess), np.bool_)
    for block, value in enumerate(excess.tolist()):
        seen.push((value,))
        found[block] = seen.near_end
    return found


def db(signal: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> float:
    """Return the energy of a signal relative to another one's, in dB."""
    energies = (float(np.sum(np.square(one, dtype=np.float64))) + 1e-12 for one in (signal, other))
    return float(10 * np.log10(next(energies) / next(energies)))


def _blocks(track: NDArray[np.int16]) -> NDArray[np.int16]:
    return track.reshape(-1, BLOCK)
