"""Barge-in: who silences the device, who does not, how fast, and what is lost of either side's words."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from device import settings as configuration
from device.bench import sounds
from device.bench.bargein_figures import figures, notes
from device.bench.bargein_judge import judge
from device.bench.bargein_plan import Planner, Role
from device.bench.bargein_play import play
from device.bench.result import BenchError, Job, Result
from device.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.bench.bargein_judge import Outcome
    from device.bench.bargein_plan import Talk
    from device.bench.bargein_play import Played

WHAT = (
    "The whole daemon in simulated rooms, on a virtual clock that is charged for the recogniser's work, against a "
    "scripted engine: 32 rooms of all echo levels, noise floors, loudspeakers and reverberation, with several trials "
    "in each conversation. Measured on the recorded tracks, from the onset of the visitor's sound."
)
WORKERS = 2
BEFORE_S, AFTER_S = 2.0, 4.0
"""What is kept of the recording around the onset of what the device did not do well with."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is played."""

    talks: int
    each: dict[Role, int]
    """Slots in each of these talks."""
    minutes: float
    """Of replies without a visitor, at each echo level, in so many talks:"""
    alone: int
    waking: int
    """Conversations with the wake word; and as many where only the wake word interrupts."""


FULL = Plan(talks=64, each={"yield": 4, "backchannel": 4, "noise": 4, "distant": 2}, minutes=30.0, alone=8, waking=8)
QUICK = Plan(talks=8, each={"yield": 2, "backchannel": 2, "noise": 2, "distant": 1}, minutes=0.5, alone=1, waking=1)


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    plan = QUICK if job.quick else FULL
    try:
        found = sounds.load(job.sounds)
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        planner = Planner(found, Path(folder))
        talks = planner.talks(plan.talks, plan.each)
        talks += planner.alone(plan.minutes, plan.alone)
        talks += planner.waking(plan.waking, barge_in=True) + planner.waking(plan.waking, barge_in=False)
        outcomes = run(talks, job)
    return Result(
        "bargein", WHAT, figures(outcomes), notes(outcomes), details=tuple(msgspec.to_builtins(o) for o in outcomes)
    )


def run(talks: Sequence[Talk], job: Job) -> list[Outcome]:
    """Play the talks, in worker processes, and judge them; in the order of the talks."""
    seconds = sum(talk.scene.seconds for talk in talks)
    job.say(f"{len(talks)} conversations, {seconds / 60:.0f} minutes in all, in {WORKERS} processes")
    found: dict[str, list[Outcome]] = {}
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        # The longest first, so that no process is left alone with one.
        ordered = sorted(talks, key=lambda talk: -talk.scene.seconds)
        waiting = {pool.submit(work, talk, job.config, job.out): talk for talk in ordered}
        for done in as_completed(waiting):
            found[waiting[done].name] = done.result()
            if len(found) % max(1, len(talks) // 10) == 0:
                job.say(f"{len(found)} of {len(talks)}")
    return [outcome for talk in talks for outcome in found[talk.name]]


def work(talk: Talk, config: Path | None, out: Path | None) -> list[Outcome]:
    """Play and judge one talk; what failed in it goes to `out` as a recording of its own."""
    with tempfile.TemporaryDirectory(prefix="parley-") as name:
        folder = Path(name)
        played = play(talk, configuration.load(config), folder)
        outcomes = judge(talk, played)
        if out is not None:
            failed = [outcome for outcome in outcomes if not outcome.reached]
            for outcome in failed:
                keep(outcome, played, out)
            if failed:
                shutil.copy(folder / "ledger.jsonl", out / f"{talk.name}.jsonl")
    return outcomes


def keep(outcome: Outcome, played: Played, out: Path) -> None:
    """Write the moment of an outcome to `out`: visitors, microphone and loudspeaker, and its data beside it."""
    out.mkdir(parents=True, exist_ok=True)
    tracks = played.tracks
    start = max(0, round((outcome.at - BEFORE_S) * tracks.rate))
    end = round((outcome.at + max(AFTER_S, outcome.reply_s if outcome.role == "self" else 0)) * tracks.rate)
    channels = (tracks.visitors, tracks.microphone, tracks.loudspeaker)
    with Recording(out / f"{outcome.slot}.wav", tracks.rate) as recording:
        recording.write(np.stack([channel[start:end] for channel in channels], axis=1))
    (out / f"{outcome.slot}.json").write_bytes(msgspec.json.format(msgspec.json.encode(outcome)) + b"\n")
