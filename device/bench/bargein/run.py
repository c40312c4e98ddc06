"""Barge-in: who silences the device, who does not, how fast, and what is lost of either side's words."""

from __future__ import annotations

import gc
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from device.bench import sounds
from device.bench.bargein.figures import figures, notes
from device.bench.bargein.judge import judge
from device.bench.bargein.plan import Planner, Role
from device.bench.bargein.play import play
from device.bench.bargein.turns import listen, turn_figures
from device.bench.result import BenchError, Job, Result
from device.settings.loading import load
from device.simulation.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from device.bench.bargein.judge import Outcome
    from device.bench.bargein.plan import Talk
    from device.bench.bargein.play import Played
    from device.bench.bargein.turns import Ended
    from device.bench.sounds import Sound

WHAT = (
    "The whole daemon in simulated rooms, on a virtual clock that is charged for the recogniser's work, against a "
    "scripted engine: 32 rooms of all echo levels, noise floors, loudspeakers and reverberation, with several trials "
    "in each conversation. Measured on the recorded tracks, from the onset of the visitor's sound."
)
WORKERS = 2
"""Processes; a choice: more are done sooner but slow each other down, and the recogniser's time counts."""
BEFORE_S, AFTER_S = 2.0, 4.0
"""What is kept of the recording around the onset of what the device did not do well with."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is played."""

    talks: int
    each: dict[Role, int]
    """Slots in each of these talks."""
    minutes: float
    """Of replies without a visitor, at each level of an echo, in so many talks:"""
    alone: int
    waking: int
    """Conversations with the wake word; and as many where only the wake word interrupts."""
    stalled: int
    """Conversations that are played without a stall, with stalls and with jumps:"""
    stalled_each: dict[Role, int]
    cold: int
    """First replies that are interrupted."""
    every: int
    """Every which of the turns the local engine listens to, and of the recordings of people is played."""


FULL = Plan(
    talks=64,
    each={"yield": 4, "backchannel": 4, "noise": 4, "distant": 2},
    minutes=30.0,
    alone=8,
    waking=6,
    stalled=16,
    stalled_each={"yield": 8, "backchannel": 4},
    cold=60,
    every=1,
)
QUICK = Plan(
    talks=8,
    each={"yield": 2, "backchannel": 2, "noise": 2, "distant": 1},
    minutes=0.5,
    alone=1,
    waking=1,
    stalled=3,
    stalled_each={"yield": 4, "backchannel": 2},
    cold=6,
    every=8,
)
TURNS = 4
"""How many turns a process listens to before it takes up something else."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    plan = QUICK if job.quick else FULL
    try:
        found = sounds.load(job.sounds)
        bundled = sounds.load() if job.sounds else []
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    people = [sound for sound in found if sound.synthesizer == sounds.HUMAN]
    found = [sound for sound in found if sound.synthesizer != sounds.HUMAN]
    kinds = {sound.kind for sound in found}
    found += [sound for sound in bundled if sound.kind not in kinds]
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        talks = _talks(Planner(found, Path(folder)), plan, job.part, people[:: plan.every])
        turns = [sound for sound in (*found, *people) if sound.kind in ("pauses", "complete")][:: plan.every]
        outcomes, ended = run(talks, turns if job.part in ("", "turns") else [], job)
    all_figures = (*figures(outcomes), *turn_figures(ended))
    return Result(
        "bargein",
        WHAT,
        # A part is judged by what is in it.
        tuple(figure for figure in all_figures if not (job.part and np.isnan(figure.value))),
        notes(outcomes),
        details=tuple(msgspec.to_builtins(one) for one in (*outcomes, *ended)),
    )


def _talks(planner: Planner, plan: Plan, part: str, people: Sequence[Sound]) -> list[Talk]:
    """Return the conversations of one part, or of all."""
    # All are planned, so that a part is the same whether alone or not.
    made = {
        "talks": planner.talks(plan.talks, plan.each),
        "self": planner.alone(plan.minutes, plan.alone),
        "wake": planner.waking(plan.waking, barge_in=True) + planner.waking(plan.waking, barge_in=False),
        "turns": [],
        "stalls": planner.stalled(plan.stalled, plan.stalled_each) + planner.cold(plan.cold),
        "people": planner.people(people),
    }
    if part and part not in made:
        raise BenchError(f'bargein has no part "{part}"; it has {", ".join(made)}')
    return made[part] if part else [talk for talks in made.values() for talk in talks]


def run(talks: Sequence[Talk], turns: Sequence[Sound], job: Job) -> tuple[list[Outcome], list[Ended]]:
    """Play the talks and have the local engine listen to the turns, in worker processes; in their order."""
    minutes = sum(talk.scene.seconds for talk in talks) / 60
    job.say(f"{len(talks)} conversations, {minutes:.0f} minutes, and {len(turns)} turns, in {WORKERS} processes")
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        # The longest first, so that no process is left alone with one.
        ordered = sorted(talks, key=lambda talk: -talk.scene.seconds)
        played = {talk.name: pool.submit(work, talk, job.config, job.out) for talk in ordered}
        heard = [pool.submit(hear, turns[at : at + TURNS], job.config) for at in range(0, len(turns), TURNS)]
        everything: list[Future[Any]] = [*played.values(), *heard]
        tenth = max(1, len(everything) // 10)
        try:
            for count, done in enumerate(as_completed(everything), 1):
                done.result()
                if count % tenth == 0:
                    job.say(f"{count} of {len(everything)} pieces of work")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    outcomes = [outcome for talk in talks for outcome in played[talk.name].result()]
    return outcomes, [one for done in heard for one in done.result()]


def hear(turns: Sequence[Sound], config: Path | None) -> list[Ended]:
    """Have the local engine listen to some turns."""
    return listen(turns, load(config))


def work(talk: Talk, config: Path | None, out: Path | None) -> list[Outcome]:
    """Play and judge one talk; what failed in it goes to `out` as a recording of its own."""
    gc.collect()  # the conversation before left hundreds of MB behind, in cycles
    with tempfile.TemporaryDirectory(prefix="parley-") as name:
        folder = Path(name)
        played = play(talk, load(config), folder)
        outcomes = judge(talk, played)
        if out is not None:
            poor = [outcome for outcome in outcomes if not outcome.reached or outcome.first_word is False]
            for outcome in poor:
                keep(outcome, played, out)
            if poor:
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
