"""The echo canceller: what it leaves of the echo and of a visitor's voice, how soon, and what it costs."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from device.audio.measure import FULL_SCALE, speech_bounds
from device.bench import sounds
from device.bench.echo.faults import CPU_SHARE, ERLE_DB, fault_figures
from device.bench.echo.judge import cancel, judge, near_end
from device.bench.echo.load import cpu
from device.bench.echo.rooms import CHANGE_S, SETTLED_S, VISITOR_DBFS, Place, build
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from device.bench.echo.judge import Heard
    from device.bench.echo.rooms import Sound

WHAT = (
    "The canceller alone in simulated rooms of 32 s: the device's voice from a distorting loudspeaker, visitors who "
    "talk over it from 14 s on, another room from 22 s on. ERLE is the microphone's level less the output's while only "
    "the device speaks; SDR is the visitor's voice against all else in the output while both do. Convergence is when "
    "15 dB of the echo are gone for a second. And rooms of 50 s with cards that go wrong, in which the echo has to be "
    "found again."
)
PARTS: Final = ("rooms", "faults")
"""`rooms`: how well; `faults`: what becomes of it when the card or the echo goes wrong."""
SDR_DB = 14.0
"""What must be reached: as much as libspeexdsp 1.2, with its preprocessor, in such a room."""
CONVERGED_S = 1.2
"""A choice: within the first words of the first reply."""
CPU_SECONDS = 20
"""Of which the median counts."""

ROOMS = [
    Place(clip=clip, rt60=rt60, echo_db=echo_db, seed=number)
    for number, (clip, rt60, echo_db) in enumerate(product((0.25, 0.6, np.inf), (0.2, 0.6), (-10.0, 0.0, 6.0)))
]
FOUR = [
    Place(clip=clip, rt60=rt60, seed=number) for number, (clip, rt60) in enumerate(product((0.25, 0.6), (0.2, 0.6)))
]


def measure(job: Job) -> Result:
    """Measure. Raises BenchError or ModelError."""
    if job.part and job.part not in PARTS:
        raise BenchError(f'echo has no part "{job.part}"; it has {", ".join(PARTS)}')
    try:
        found = sounds.load(job.sounds)
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    replies, sentences = voices(found, "replies"), voices(found, "interruptions")
    figures: list[Figure] = []
    if job.part != "faults":
        figures += _rooms(job, replies, sentences)
    if job.part != "rooms":
        job.say("cards that go wrong, and echoes that move")
        figures += fault_figures(job, replies)
    busy = f"Other processes, which make the same work take longer: load {os.getloadavg()[0]:.1f}."
    return Result("echo", WHAT, tuple(figures), (busy,))


def _rooms(job: Job, replies: Sequence[Sound], sentences: Sequence[Sound]) -> tuple[Figure, ...]:
    """Measure in rooms whose cards are well."""
    step = 7 if job.quick else 1
    job.say(f"{len(ROOMS[::step])} rooms; clocks that differ, delays and slips; the device's own voice; the CPU")

    def played(places: Iterable[Place]) -> list[tuple[Heard, Heard]]:
        done = []
        for place in places:
            scene = build(place, replies, sentences)
            outputs = cancel(scene.played, scene.heard)
            done.append((judge(scene, outputs.clean), judge(scene, outputs.linear)))
        return done

    few = FOUR[:1] if job.quick else FOUR
    rooms = played(ROOMS[::step])
    drifting = {ppm: played(replace(place, drift_ppm=ppm) for place in few) for ppm in (50.0, 100.0)}
    delayed = {ms: played(replace(place, delay_ms=ms) for place in few) for ms in (20, 100, 200)}
    slipped = played(replace(place, slip_ms=20, drift_ppm=50.0) for place in few)
    clean, linear = [one for one, _ in rooms], [one for _, one in rooms]
    one = build(Place(), replies, sentences, seconds=CPU_SECONDS)
    spent = cpu(job.settings, one.played, one.heard)
    return (
        _median("ERLE", clean, lambda one: one.erle, "dB", at_least=ERLE_DB),
        Figure("… the worst room", min(one.erle for one in clean), "dB"),
        _median("… before what is left over is suppressed", linear, lambda one: one.erle, "dB"),
        _median("SDR of the visitor in double talk", clean, lambda one: one.sdr, "dB", at_least=SDR_DB),
        Figure("… the worst room", min(one.sdr for one in clean), "dB"),
        _median("… before what is left over is suppressed", linear, lambda one: one.sdr, "dB"),
        _median("convergence", clean, lambda one: one.convergence, "s", at_most=CONVERGED_S),
        _median("… before what is left over is suppressed", linear, lambda one: one.convergence, "s"),
        _median("convergence on another room", clean, lambda one: one.reconvergence, "s", at_most=CONVERGED_S),
        _median("… before what is left over is suppressed", linear, lambda one: one.reconvergence, "s"),
        *(
            figure
            for ppm, done in drifting.items()
            for figure in (
                _median(f"ERLE, clocks {ppm:g} ppm apart", [one for one, _ in done], lambda one: one.erle, "dB"),
                _median(f"SDR, clocks {ppm:g} ppm apart", [one for one, _ in done], lambda one: one.sdr, "dB"),
            )
        ),
        *(
            _median(f"ERLE, delay of {ms} ms", [one for one, _ in done], lambda one: one.erle, "dB")
            for ms, done in delayed.items()
        ),
        _median("convergence after a slip of 20 ms", [one for one, _ in slipped], lambda one: one.reconvergence, "s"),
        *_alarms([replace(place, noise_db=-60.0) for place in ROOMS[::step]], replies, sentences),
        Figure("CPU of the front end without the wake word, median second", percentile(spent, 50), "s/s", CPU_SHARE),
    )


def _alarms(places: Sequence[Place], replies: Sequence[Sound], sentences: Sequence[Sound]) -> tuple[Figure, ...]:
    """Measure how often the device's own voice is taken for near-end activity, and how soon a visitor is."""
    false, seconds, missed = 0, 0.0, 0
    soon: dict[float, list[float]] = {0.0: [], -10.0: []}
    for place in places:
        quiet = build(replace(place, visitor_db=None), replies, sentences)
        own = cancel(quiet.played, quiet.heard)
        settled, change = samples(1000 * SETTLED_S) // 160, samples(1000 * CHANGE_S) // 160
        alone = near_end(own.excess)[settled:change]
        false += int(np.count_nonzero(np.diff(alone.astype(np.int8)) > 0))
        seconds += CHANGE_S - SETTLED_S
        for level, times in soon.items():
            scene = build(replace(place, visitor_db=VISITOR_DBFS + place.echo_db + level), replies, sentences)
            noticed = near_end(cancel(scene.played, scene.heard).excess)
            for start, end in scene.sentences:
                hits = np.flatnonzero(noticed[start // 160 : end // 160])
                missed += not len(hits)
                times.append(10.0 * (hits[0] + 1) if len(hits) else float("inf"))
    return (
        Figure("excess at the device's own voice, times a minute", false / (seconds / 60), ""),
        *(
            Figure(f"visitor {'as loud as' if not level else '10 dB below'} the echo → excess, {name}", value, "ms")
            for level, times in soon.items()
            for name, value in (("median", percentile(times, 50)), ("p90", percentile(times, 90)))
        ),
        Figure("visitors without excess", missed, ""),
    )


def voices(found: Sequence[sounds.Sound], kind: str) -> list[Sound]:
    """Return what is said of a kind, without silence around it. Raises BenchError if there is none."""
    of_kind = [sound for sound in found if sound.kind == kind]
    if not of_kind:
        raise BenchError(f"there are no sounds of the kind {kind}")
    # One voice after the other, so that not all of the first rooms have the same one.
    turn = sorted(of_kind, key=lambda sound: (str(sound.file)[-5:], sound.voice))
    return [_trimmed(sound.samples()) for sound in turn]


def _trimmed(track: NDArray[np.int16]) -> Sound:
    first, end = speech_bounds(track, CLOCK_RATE) or (0, len(track))
    return track[first:end].astype(np.float32) / np.float32(FULL_SCALE)


def _median(
    name: str,
    done: Sequence[Heard],
    what: Callable[[Heard], float],
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Figure:
    return Figure(
        f"{name}, median of {len(done)}", percentile([what(one) for one in done], 50), unit, at_most, at_least
    )
