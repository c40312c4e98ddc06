"""The echo canceller: what it leaves of the echo and of a visitor's voice, how soon, and what it costs."""

from __future__ import annotations

import os
import time
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from device.audio.card.base import Card
from device.audio.echo.canceller import EchoCanceller
from device.audio.measure import FULL_SCALE, speech_bounds
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.bench import sounds
from device.bench.echo_rooms import CHANGE_S, SECONDS, SETTLED_S, VISITOR_DBFS, VISITOR_S, Place, build
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.listen.capture import CLEAN_SECONDS, Capture
from device.listen.near_end import Excess
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from device.bench.echo_rooms import Scene, Sound
    from device.conversation.events import DeviceEvent

WHAT = (
    "The canceller alone in simulated rooms of 32 s: the device's voice from a distorting loudspeaker, visitors who "
    "talk over it from 14 s on, another room from 22 s on. ERLE is the microphone's level less the output's while only "
    "the device speaks; SDR is the visitor's voice against all else in the output while both do. Convergence is when "
    "15 dB of the echo are gone for a second."
)
ERLE_DB, SDR_DB = 29.0, 14.0
"""What must be reached: as much as libspeexdsp 1.2, with its preprocessor, in such a room."""
CONVERGED_S = 1.2
"""A choice: within the first words of the first reply."""
CPU_SHARE = 0.03
"""Seconds a second. A choice: the rest of the capture thread is left for the wake word, which takes most of it."""
CONVERGED_DB = 15.0
"""So much of the echo must be gone for the canceller to know the room: a choice, half of what it reaches in the end."""
WINDOW_S, HOP_S = 0.25, 0.05
"""Length and step of the windows in which convergence is looked for: a syllable, so that there is speech in it."""
PART_GOOD = 0.9
"""Of the windows of the next second must have lost that much echo."""
AUDIBLE_DBFS = -50.0
"""A softer echo is in a pause of the device's, and tells nothing."""
CPU_SECONDS = 20
"""Of which the median counts."""

ROOMS = [
    Place(clip=clip, rt60=rt60, echo_db=echo_db, seed=number)
    for number, (clip, rt60, echo_db) in enumerate(product((0.25, 0.6, np.inf), (0.2, 0.6), (-10.0, 0.0, 6.0)))
]
FOUR = [
    Place(clip=clip, rt60=rt60, seed=number) for number, (clip, rt60) in enumerate(product((0.25, 0.6), (0.2, 0.6)))
]


class Heard(Struct, frozen=True):
    """What a canceller did in a scene."""

    erle: float
    sdr: float
    convergence: float
    reconvergence: float


class Outputs(Struct, frozen=True):
    """A canceller's outputs, at the positions of what went in."""

    clean: NDArray[np.int16]
    linear: NDArray[np.int16]
    excess: NDArray[np.float32]


def measure(job: Job) -> Result:
    """Measure. Raises BenchError or ModelError."""
    try:
        found = sounds.load(job.sounds)
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    say = _voices(found, "replies"), _voices(found, "interruptions")
    step = 7 if job.quick else 1
    job.say(f"{len(ROOMS[::step])} rooms; clocks that differ, delays and slips; the device's own voice; the CPU")

    def played(places: Iterable[Place]) -> list[tuple[Heard, Heard]]:
        done = []
        for place in places:
            scene = build(place, *say)
            outputs = cancel(scene)
            done.append((judge(scene, outputs.clean), judge(scene, outputs.linear)))
        return done

    few = FOUR[:1] if job.quick else FOUR
    rooms = played(ROOMS[::step])
    drifting = {ppm: played(replace(place, drift_ppm=ppm) for place in few) for ppm in (50.0, 100.0)}
    delayed = {ms: played(replace(place, delay_ms=ms) for place in few) for ms in (20, 100, 200)}
    slipped = played(replace(place, slip_ms=20, drift_ppm=50.0) for place in few)
    clean, linear = [one for one, _ in rooms], [one for _, one in rooms]
    return Result(
        "echo",
        WHAT,
        (
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
            _median(
                "convergence after a slip of 20 ms", [one for one, _ in slipped], lambda one: one.reconvergence, "s"
            ),
            *_alarms([replace(place, noise_db=-60.0) for place in ROOMS[::step]], *say),
            Figure("CPU of the front end without the wake word, median second", _cpu(job, *say), "s/s", CPU_SHARE),
        ),
        (f"Other processes, which make the same work take longer: load {os.getloadavg()[0]:.1f}.",),
    )


def cancel(scene: Scene) -> Outputs:
    """Run a new canceller over a scene, frame by frame."""
    canceller = EchoCanceller(300)
    clean, linear, excess = [], [], []
    for heard, played in zip(_blocks(scene.heard), _blocks(scene.played), strict=True):
        clean.append(canceller.cancel(heard, played))
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
    levels = _erle_windows(scene.echo, out)
    until = VISITOR_S[0] - 1.0
    return Heard(
        _db(scene.heard[alone] / FULL_SCALE, out[alone]),
        _db(visitor, out[both] - visitor) if len(both) else float("nan"),
        converged([(at, level) for at, level in levels if at < until], 0.0),
        converged([(at, level) for at, level in levels if at >= CHANGE_S], CHANGE_S),
    )


def _erle_windows(echo: Sound, out: NDArray[np.floating[Any]]) -> list[tuple[float, float]]:
    """Return (start in s, dB less than the echo) of the windows in which there is an echo."""
    length, found = samples(1000 * WINDOW_S), []
    for at in range(0, len(echo) - length, samples(1000 * HOP_S)):
        part = slice(at, at + length)
        if _db(echo[part], np.full(length, 10 ** (AUDIBLE_DBFS / 20))) > 0:
            found.append((at / CLOCK_RATE, _db(echo[part], out[part])))
    return found


def converged(levels: Sequence[tuple[float, float]], since: float) -> float:
    """Return the end of the first window, in s after `since`, from which on nearly all of the next second are good."""
    ahead = round(1 / HOP_S)
    for number, (at, _) in enumerate(levels):
        following = [level >= CONVERGED_DB for _, level in levels[number : number + ahead]]
        if np.mean(following) >= PART_GOOD:
            return at + WINDOW_S - since
    return float("inf")


def _alarms(places: Sequence[Place], replies: Sequence[Sound], sentences: Sequence[Sound]) -> tuple[Figure, ...]:
    """Measure how often the device's own voice is taken for near-end activity, and how soon a visitor is."""
    false, seconds, missed = 0, 0.0, 0
    soon: dict[float, list[float]] = {0.0: [], -10.0: []}
    for place in places:
        own = cancel(build(replace(place, visitor_db=None), replies, sentences))
        settled, change = samples(1000 * SETTLED_S) // 160, samples(1000 * CHANGE_S) // 160
        alone = near_end(own.excess)[settled:change]
        false += int(np.count_nonzero(np.diff(alone.astype(np.int8)) > 0))
        seconds += CHANGE_S - SETTLED_S
        for level, times in soon.items():
            scene = build(replace(place, visitor_db=VISITOR_DBFS + place.echo_db + level), replies, sentences)
            noticed = near_end(cancel(scene).excess)
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


def near_end(excess: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each block of 10 ms whether the capture thread takes the last ones for something at the near end."""
    seen, found = Excess(), np.zeros(len(excess), np.bool_)
    for block, value in enumerate(excess.tolist()):
        seen.push((value,))
        found[block] = seen.near_end
    return found


def _cpu(job: Job, replies: Sequence[Sound], sentences: Sequence[Sound]) -> float:
    """Return the CPU seconds that the capture thread takes for a second of playback, the median."""
    scene = build(Place(), replies, sentences, seconds=SECONDS)
    card = Card(48_000)
    voice = SileroVad(files.find("silero_vad.onnx", job.settings.models_dir))
    events: list[DeviceEvent] = []
    clean = RingBuffer(CLOCK_RATE, CLEAN_SECONDS)
    capture = Capture(
        card, Playout(card.rate), clean, canceller=EchoCanceller(300), voice=voice, wake=None, emit=events.append
    )
    capture.want_voice(wanted=True, alert=True)
    spent = []
    for second in range(CPU_SECONDS):
        used = 0
        for block in range(100):
            part = slice((100 * second + block) * 160, (100 * second + block + 1) * 160)
            card.reference.write(np.repeat(scene.played[part], 3))
            card.mic.write(np.repeat(scene.heard[part], 3))
            began = time.thread_time_ns()
            capture.process()
            used += time.thread_time_ns() - began
        spent.append(used / 1e9)
    return percentile(spent, 50)


def _voices(found: Sequence[sounds.Sound], kind: str) -> list[Sound]:
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


def _blocks(track: NDArray[np.int16]) -> NDArray[np.int16]:
    return track.reshape(-1, 160)


def _db(signal: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> float:
    """Return the energy of a signal relative to another one's, in dB."""
    energies = (float(np.sum(np.square(one, dtype=np.float64))) + 1e-12 for one in (signal, other))
    return float(10 * np.log10(next(energies) / next(energies)))
