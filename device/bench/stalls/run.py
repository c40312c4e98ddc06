"""Whether the device hears itself, whatever the card does: `parley run` as a process, on a virtual sound card."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from device.bench import sounds
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.bench.stalls.counts import VOICE, Counts, count, shares
from device.bench.stalls.keep import keep
from device.bench.stalls.stage import Case, Cast, play
from device.listen.vad import SileroVad
from device.model_files import files
from device.settings.tree import Settings
from device.simulation.faults import Fault
from device.simulation.scene import Acoustics

if TYPE_CHECKING:
    from collections.abc import Sequence

WHAT = (
    "`parley run` as a process on a virtual sound card in real time, in a room with an echo; it is asked one question, "
    "and then talks to nobody. An engine beside it gives one reply after the other and has a voice detector of its "
    "own: what it takes for a turn, it answers. The device's processes, or the sound server, are stopped for moments."
)
SECONDS, QUICK_SECONDS, COLD_SECONDS = 60.0, 20.0, 16.0
"""Since it was woken: of each case; of the only one in a quick run; of a start of which the first reply counts."""
STARTS: Final = 5
"""How often it is started for the first reply."""
ATTEMPTS: Final = 3
"""How often a case is played if it is the rig that fails: a choice, for a machine that is busy."""


def often(every: float, *, kind: str = "freeze") -> Fault:
    """Return a fault of 120 to 250 ms that comes again and again."""
    return Fault(at=4.0, kind=kind, ms=(120, 250), every=every)  # type: ignore[arg-type]


ONCE: Final = Fault(at=14.0, kind="freeze", ms=150)
CASES: Final = (
    Case("echo 0 dB after 100 ms", Acoustics(delay_ms=100)),
    Case("echo 0 dB after 200 ms", Acoustics(delay_ms=200)),
    Case("echo 0 dB after 300 ms", Acoustics(delay_ms=300)),
    Case("echo 0 dB after 500 ms", Acoustics(delay_ms=500)),
    Case("echo +6 dB after 100 ms, RT60 0.6 s", Acoustics(delay_ms=100, echo_db=6.0, rt60=0.6)),
    Case("echo -10 dB after 20 ms", Acoustics(delay_ms=20, echo_db=-10.0)),
    Case("echo twice, after 60 and 250 ms", Acoustics(delay_ms=60, second_delay_ms=250)),
    Case("clocks 100 ppm apart", Acoustics(delay_ms=150, drift_ppm=100)),
    Case("one stop of 150 ms", Acoustics(delay_ms=100), (ONCE,)),
    Case("stops of 120-250 ms every 10 s", Acoustics(delay_ms=100), (often(10.0),)),
    Case("the same at +6 dB", Acoustics(delay_ms=100, echo_db=6.0), (often(10.0),)),
    Case("stops of 120-250 ms every 5 s, 200 ms", Acoustics(delay_ms=200), (often(5.0),)),
    Case("one stop of 1 s", Acoustics(delay_ms=100), (Fault(at=14.0, kind="freeze", ms=1000),)),
    Case("the sound server stops for 100-300 ms every 10 s", Acoustics(delay_ms=100), (often(10.0, kind="stall"),)),
    Case("the echo jumps by up to 400 ms every 15 s", Acoustics(delay_ms=60), (
        Fault(at=14.0, kind="jump", ms=(0.0, 400.0), every=15.0),
    )),
    Case("every core busy", Acoustics(delay_ms=100), busy=True),
    Case("somebody interrupts after each stop", Acoustics(delay_ms=100), (
        Fault(at=8.0, kind="freeze", ms=(120, 250), every=9.0, spread=2.0),
    ), visitors=True),
    Case("the first reply after a start", Acoustics(delay_ms=100), seconds=COLD_SECONDS, starts=STARTS),
    Case("the first reply after a start, +6 dB", Acoustics(delay_ms=50, echo_db=6.0), seconds=COLD_SECONDS,
        starts=STARTS),
)  # fmt: skip


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    try:
        cast = Cast.of(sounds.load(job.sounds), Acoustics().loudspeaker_db, Settings().playout.volume)
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    ears = SileroVad(files.find("silero_vad.onnx", job.settings.models_dir))
    figures: list[Figure] = []
    notes: list[str] = []
    details = []
    for number, case in enumerate(chosen(job)):
        seconds = QUICK_SECONDS if job.quick else case.seconds or SECONDS
        job.say(f"{case.name}: {seconds:g} s" + (f", {case.starts} times" if case.starts > 1 else ""))
        counts, failed = Counts(), 0
        for start in range(1 if job.quick else case.starts):
            for attempt in range(ATTEMPTS):
                evidence = play(case, seconds, cast, job, seed=start + 100 * attempt)
                found = count(evidence, ears.share().probability)
                if job.out is not None:
                    keep(evidence, job.out / f"{number}-{start}")
                if found.sound:
                    break
                failed += 1
                job.say(f"the rig lost {found.lost_ms:g} ms of the microphone by itself: this machine is too busy")
            counts.add(found)
        figures += case_figures(case, counts)
        details.append({"case": case.name, **msgspec.to_builtins(counts)})
        job.say(summary(counts))
        if failed:
            notes.append(f"{case.name}: {failed} run{'s' * (failed > 1)} in which the rig itself lost samples")
    notes.append(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    return Result("stalls", WHAT, tuple(figures), tuple(notes), details=tuple(details))


def chosen(job: Job) -> Sequence[Case]:
    """Return the cases that are to be played. Raises BenchError."""
    if job.part:
        found = [case for case in CASES if job.part in case.name]
        if not found:
            raise BenchError(f'no case is called "{job.part}"; there are: {"; ".join(case.name for case in CASES)}')
        return found
    return [case for case in CASES if case.faults][1:2] if job.quick else CASES


def summary(counts: Counts) -> str:
    """Return what came of a case, in a line."""
    tails = [tail.level_db for tail in counts.tails]
    return (
        f"{counts.replies} replies in {counts.minutes:.1f} min: {counts.cuts} cuts, {counts.answers} answers, "
        f"{counts.wakes} wakes, {counts.lowered} lowered, {counts.dips} dips, "
        f"{len(counts.holes_ms)} holes of {sum(counts.holes_ms):.0f} ms, "
        f"first audio {percentile(counts.before_ms, 50):.0f} → {percentile(counts.after_ms, 50):.0f} ms, "
        f"{counts.faults} faults, {counts.lines} log lines, {counts.reopened} reopened, "
        f"tails: max {max(tails, default=-200):.0f} dBFS, {sum(t.voice >= VOICE for t in counts.tails)} with voice; "
        f"yields {[(round(y.after_s, 1), y.silent_ms, y.first_word) for y in counts.yields]}, "
        f"rig lost {counts.lost_ms:g} ms, load {counts.load:.1f}"
    )


def case_figures(case: Case, counts: Counts) -> list[Figure]:
    """Return the figures of a case."""
    voices = sum(tail.voice >= VOICE for tail in counts.tails)
    dips = counts.dips * 10 / max(counts.minutes, 1e-9)
    made = [
        Figure(f"{case.name}: times that it cuts itself off, in {counts.minutes:.1f} minutes", counts.cuts, "", 0),
        Figure("… that the engine answers it", counts.answers, "", 0),
        Figure("… that it wakes itself", counts.wakes, "", 0),
        Figure("… that a reply is lowered, in 10 minutes", dips, "", 10 if case.room.echo_db > 0 else 1),
        Figure("… holes in replies, beside the faults", float(sum(counts.holes_ms)), "ms"),
        Figure("… replies after which the engine hears a voice", voices, "", 0),
        Figure("… first audio off the socket → loudspeaker, median", percentile(counts.before_ms, 50), "ms"),
    ]
    if counts.faults:
        made += [
            Figure("… the same after the first fault", percentile(counts.after_ms, 50), "ms"),
            Figure("… lines of the log for each fault", counts.lines / counts.faults, "", 1),
            Figure("… times that the card is opened again", counts.reopened, ""),
        ]
    if counts.yields:
        soon = [one.silent_ms for one in counts.yields]
        silenced = 100 * shares(list(np.isfinite(soon)))
        words = 100 * shares([one.first_word for one in counts.yields])
        made += [
            Figure(f"… interruptions that silence the reply, of {len(soon)}", silenced, "%", at_least=95),
            Figure("… how soon, median", percentile(soon, 50), "ms"),
            Figure("… whose first word reaches the engine", words, "%", at_least=95),
        ]
    return made
