"""Levels of recorded tracks: how loud, where speech begins and ends, where it is silent.

Tracks are `(n,) int16` mono; positions are frames; levels are dBFS, where a full-scale square wave is 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32768
"""The largest magnitude of 16 bits: 0 dBFS is a square wave between it and its negative."""
SILENCE_DBFS = -60.0
"""What is quieter than this counts as silence on the loudspeaker track: 40 dB below the benches' speech, and above what
a fade's last steps leave."""
SPEECH_RANGE_DB = 30.0
"""Speech is what is at most this far below the loudest part of an utterance: the range from vowels to soft fricatives.
More takes noise for it, less loses its ends."""
NOTHING_DBFS = -200.0
"""The level of digital silence, instead of minus infinity: the faintest sound, one step of 16 bits once a minute at 48
kHz, has -155."""


def dbfs(track: NDArray[Any]) -> float:
    """Return the RMS level of `track`; -200 for digital silence or nothing at all."""
    return _db(float(np.mean(np.square(track, dtype=np.float64)))) if len(track) else NOTHING_DBFS


def levels(track: NDArray[Any], window: int, hop: int) -> NDArray[np.float64]:
    """Return the level of each window of `window` frames that begins at a multiple of `hop`; none for a short track."""
    if len(track) < window:
        return np.zeros(0)
    power = np.concatenate(([0.0], np.cumsum(np.square(track, dtype=np.float64))))
    starts = np.arange(0, len(track) - window + 1, hop)
    mean = np.maximum(0.0, (power[starts + window] - power[starts]) / window)
    floor = 10 ** (NOTHING_DBFS / 10) * FULL_SCALE**2
    result: NDArray[np.float64] = 10 * np.log10(np.maximum(mean, floor) / FULL_SCALE**2)
    return result


def speech_level(track: NDArray[Any], rate: int) -> float:
    """Return the RMS level while speaking: of the windows of 20 ms at most `SPEECH_RANGE_DB` below the loudest."""
    window = rate // 50
    found = levels(track, window, window)
    if not len(found):
        return dbfs(track)
    speaking = found[found > found.max() - SPEECH_RANGE_DB]
    return float(10 * np.log10(np.mean(10 ** (speaking / 10))))


def speech_bounds(track: NDArray[Any], rate: int) -> tuple[int, int] | None:
    """Return the first frame of the speech on `track` and the frame after its last; None if there is no sound.

    Windows of 5 ms, moved by 1 ms, at most `SPEECH_RANGE_DB` below the loudest, count as speech.
    """
    window, hop = rate // 200, rate // 1000
    found = _swept(track, window, hop)
    if found.max() <= NOTHING_DBFS:
        return None
    speaking = np.flatnonzero(found > found.max() - SPEECH_RANGE_DB)
    return max(0, int(speaking[0]) * hop - hop), min(len(track), int(speaking[-1]) * hop - window + hop)


def silences(track: NDArray[Any], rate: int, shortest_ms: float) -> list[tuple[int, int]]:
    """Return where `track` is below `SILENCE_DBFS` for `shortest_ms` or longer, as (start, end) frames.

    A silence starts after the last frame, and ends before the first, of a window of 5 ms that is loud enough.
    """
    window, hop = rate // 200, max(1, rate // 1000)
    heard = np.flatnonzero(_swept(track, window, hop) >= SILENCE_DBFS)
    rises = [int(heard[0])] if len(heard) else []
    gaps = np.flatnonzero(np.diff(heard) > 1)
    rises += [int(heard[g + 1]) for g in gaps]
    falls = [int(heard[g]) for g in gaps] + ([int(heard[-1])] if len(heard) else [])
    starts = [0] + [min(len(track), i * hop - window + hop) for i in falls]
    ends = [max(0, i * hop - hop) for i in rises] + [len(track)]
    least = shortest_ms * rate / 1000
    return [(s, e) for s, e in zip(starts, ends, strict=True) if e - s >= least and e > s]


def _swept(track: NDArray[Any], window: int, hop: int) -> NDArray[np.float64]:
    """Return the level of a window that moves over the track from before its first frame to past its last.

    Window i covers the frames from `i * hop - window`. When it rises above a level, that is because of its newest
    frames, `hop` of them; when it falls below, because of the oldest, which it has just lost.
    """
    edge = np.zeros(window)
    return levels(np.concatenate((edge, track, edge)), window, hop)


def _db(power: float) -> float:
    return max(NOTHING_DBFS, 10 * math.log10(power / FULL_SCALE**2)) if power > 0 else NOTHING_DBFS
