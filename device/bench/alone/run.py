"""Whether the device hears itself: nobody is there, the echo comes late, and the card stalls."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

import msgspec

from device.bench import sounds
from device.bench.alone import plan
from device.bench.alone.figures import figures, notes
from device.bench.alone.play import Counts, play
from device.bench.result import BenchError, Job, Result
from device.settings.loading import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.bench.alone.plan import Case
    from device.bench.sounds import Sound

WHAT = (
    "The whole daemon in random rooms with nobody in them, on a virtual clock, against a scripted engine that gives "
    "one reply after the other, and has a voice detector of its own: what it takes for a turn, it answers."
)
PARTS: Final = ("grid", "faults", "cold", "build")
"""`grid`: the whole claim, 30 minutes for each echo, delay and distance of stalls. `faults`: all else that cards and
echoes do, 10 minutes each. `cold`: 200 starts, and the device's own sounds. `build`: what a whole run has, in the rooms
for building; all others judge."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """How much is played, in seconds and times."""

    grid_s: float
    runs: int = 1
    faults_s: float
    lost_s: float
    cold: int
    chimes: int
    sounds: int
    sounds_s: float = 60.0
    every: int = 1
    """Every which case is played."""


FULL = Lengths(grid_s=45.0, faults_s=60.0, lost_s=90.0, cold=30, chimes=40, sounds=6)
LONG = Lengths(grid_s=600.0, runs=3, faults_s=600.0, lost_s=600.0, cold=200, chimes=300, sounds=30)
"""Of a part that is run alone."""
QUICK = Lengths(grid_s=20.0, faults_s=20.0, lost_s=20.0, cold=10, chimes=10, sounds=5, sounds_s=20.0, every=10)


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    if job.part and job.part not in PARTS:
        raise BenchError(f'alone has no part "{job.part}"; it has {", ".join(PARTS)}')
    try:
        voices = [sound for sound in sounds.load(job.sounds) if sound.kind == "replies" and sound.voice == "own"]
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    if not voices:
        raise BenchError("there are no replies in the device's own voice")
    lengths = QUICK if job.quick else FULL if job.part in ("", "build") else LONG
    chosen = cases(job.part, lengths)
    done = run(chosen, voices, job)
    seeds = "even" if job.part == "build" else "odd"
    rooms = f"Rooms are random, of {seeds} seeds; whoever builds looks at the even ones, the odd ones judge."
    return Result("alone", WHAT, figures(done), (rooms, *notes(done)), details=tuple(map(msgspec.to_builtins, done)))


def cases(part: str, lengths: Lengths) -> list[Case]:
    """Return the cases of one part, or of all."""
    odd = part != "build"
    made = {
        "grid": plan.grid(lengths.grid_s, odd=odd, runs=lengths.runs),
        "faults": plan.faults(lengths.faults_s, odd=odd) + plan.lost(lengths.lost_s, odd=odd),
        "cold": plan.cold(lengths.cold, odd=odd)
        + plan.chimes(lengths.chimes, odd=odd)
        + plan.own_sounds(lengths.sounds, lengths.sounds_s, odd=odd),
    }
    chosen = made.get(part) or [case for some in made.values() for case in some]
    return chosen[:: lengths.every]


def run(chosen: Sequence[Case], voices: Sequence[Sound], job: Job) -> list[Counts]:
    """Play cases in as many processes as there are cores; return what came of them, in their order."""
    workers = min(os.cpu_count() or 1, len(chosen))
    job.say(f"{len(chosen)} cases, {plan.minutes(chosen):.0f} minutes, in {workers} processes")
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # The longest first, so that no process is left alone with one.
        ordered = sorted(range(len(chosen)), key=lambda n: -chosen[n].scene.seconds)
        played = {n: pool.submit(work, chosen[n], voices, n, job.config) for n in ordered}
        tenth = max(1, len(chosen) // 10)
        try:
            for number, one in enumerate(as_completed(played.values()), 1):
                one.result()
                if number % tenth == 0:
                    job.say(f"{number} of {len(chosen)} cases")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [played[n].result() for n in range(len(chosen))]


def work(case: Case, voices: Sequence[Sound], sentence: int, config: Path | None) -> Counts:
    """Play one case, its first reply beginning with the sound `sentence`."""
    gc.collect()  # the case before left hundreds of MB behind, in cycles
    return play(case, load(config), voices, sentence=sentence)
