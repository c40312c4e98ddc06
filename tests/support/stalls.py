"""Evidence of the bench of stalls that is made up: a room that began at 100.0, and a device woken a second later."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from device.audio.resample import resample
from device.bench.stalls.room import BLOCK, Recording, Visit
from device.bench.stalls.stage import Case, Evidence
from device.bench.virtual_card import CHANNELS, LOUDSPEAKER, RATE, VISITOR
from device.simulation.scene import Acoustics
from device.simulation.scripted_reply import RATE as WIRE_RATE
from device.simulation.timed_engine import Note, Report

RNG = np.random.default_rng(1)
REPLY = resample((3000 * RNG.standard_normal(2 * 16_000)).astype(np.int16), 16_000, WIRE_RATE)
PLAYED = resample(REPLY, WIRE_RATE, RATE)
VOICE = (3000 * np.repeat(RNG.standard_normal(RATE // 4), 4)).astype(np.int16)
BEGAN, WOKEN = 100.0, 101.0


def evidence(
    *,
    replies: Sequence[float] = (),
    visits: Sequence[float] = (),
    lost: Sequence[int] = (),
    seconds: float = 20.0,
    **more: Any,
) -> Evidence:
    """Return what a room of so many seconds was, in which the loudspeaker plays the reply at those seconds."""
    tracks = np.zeros((round(seconds * RATE), CHANNELS), np.int16)
    notes = more.pop("notes", [])
    for number, at in enumerate(replies):
        first = round(at * RATE)
        tracks[first : first + len(PLAYED), LOUDSPEAKER] = PLAYED
        notes = [*notes, Note(BEGAN + at - 0.08, "given", f"item_{number}", 0)]
    for at in visits:
        tracks[round(at * RATE) : round(at * RATE) + RATE, VISITOR] = VOICE
    said = [Visit("interruption", round(at * RATE), round(at * RATE) + RATE) for at in visits]
    times = BEGAN + 0.01 * np.arange(1, len(tracks) // BLOCK + 1, dtype=np.float64)
    recording = Recording(tracks, said, times, np.array(lost, np.int64), 30.0)
    told: dict[str, Any] = {
        "case": Case("a case", Acoustics(delay_ms=100)),
        "report": Report(notes=notes),
        "entries": [],
        "log": [],
        "faults": [],
        **more,
    }
    return Evidence(recording=recording, replies=[REPLY], woken=WOKEN, load=1.0, **told)
