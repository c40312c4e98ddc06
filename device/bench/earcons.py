"""Whether the device's own sounds wake it or pass for a voice, before it knows the room, and what they hide."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct

from device.audio.earcons import NAMES, earcon
from device.audio.echo.canceller import EchoCanceller
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.bench.result import Figure, Job, Result
from device.conversation.events import VoiceStart, Wake
from device.listen.capture import CLEAN_SECONDS, Capture
from device.listen.detectors import Detectors
from device.sample_clock import CLOCK_RATE
from device.simulation.room import Room
from device.simulation.scene import Acoustics, Scene, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device.conversation.events import DeviceEvent
    from device.settings.tree import Settings

WHAT = (
    "The capture thread's work with the wake word's models, in simulated rooms. An earcon is played before the "
    "canceller knows the room; nobody is there, or a visitor says the wake word over it or just after it."
)
ECHOES_DB = (-10.0, -7.0, -4.0, 0.0, 6.0)
DELAYS_MS = (20.0, 100.0, 200.0, 350.0, 500.0)
RT60_S = (0.2, 0.6)
SEEDS, QUICK_SEEDS = 2, 1
SECONDS = 4.0
START_S = 0.5
"""When the earcon begins."""
WORDS_S = (0.4, 0.9, 1.5)
"""When the visitor begins: with the earcon, in the midst of the longest one, and as that ends."""
WORD = "hey jarvis"
VOICES = ("en-us", "en-gb", "en-us+Annie", "en-gb-scotland")
"""Whom the wake word's model knows without an echo: all of them."""
DETECTED = 0.7
"""A choice: the part of these that is heard in spite of an echo as loud as they are, or four times as loud."""


class Trial(Struct, frozen=True):
    """An earcon in a room."""

    name: str
    echo_db: float
    delay_ms: float
    rt60: float
    seed: int
    word_at: float | None = None
    """When a visitor says the wake word, seconds."""


class Count(Struct):
    """What came of trials."""

    trials: int = 0
    wakes: int = 0
    voices: int = 0
    """In which a voice was noticed."""


def trials(seeds: int) -> Iterator[Trial]:
    """Yield every sound at every level and delay, in rooms of so many seeds; nobody is there."""
    for name, echo_db, delay_ms, rt60, seed in product(NAMES, ECHOES_DB, DELAYS_MS, RT60_S, range(seeds)):
        yield Trial(name, echo_db, delay_ms, rt60, seed)


def spoken(seeds: int) -> Iterator[Trial]:
    """Yield trials in which somebody says the wake word."""
    for name, echo_db, word_at, number in product(NAMES, (-7.0, 0.0), WORDS_S, range(4 * seeds)):
        delay_ms, rt60 = DELAYS_MS[number % len(DELAYS_MS)], RT60_S[number % len(RT60_S)]
        yield Trial(name, echo_db, delay_ms, rt60, number, word_at)


def measure(job: Job) -> Result:
    """Measure. Raises ModelError or SceneError."""
    seeds = QUICK_SEEDS if job.quick else SEEDS
    detectors = Detectors.load(job.settings.wake, job.settings.models_dir)
    alone, said = list(trials(seeds)), list(spoken(seeds))
    if job.quick:
        alone, said = alone[::5], said[::4]
    job.say(f"{len(alone)} times alone, {len(said)} times with the wake word")
    own = play(alone, detectors, job.settings)
    words = play(said, detectors, job.settings)
    return Result(
        "earcons",
        WHAT,
        (
            Figure(f"times that it wakes itself, of {own.trials}", own.wakes, "", 0),
            Figure("… that a voice is noticed", own.voices, "", 0),
            Figure(f"wake words that are heard, of {words.trials}", words.wakes / words.trials, "", at_least=DETECTED),
        ),
    )


def play(those: Sequence[Trial], detectors: Detectors, settings: Settings) -> Count:
    """Play one trial after the other, each with a canceller that knows nothing yet."""
    count = Count()
    for trial in those:
        events = hear(trial, detectors, settings)
        count.trials += 1
        count.wakes += any(isinstance(event, Wake) for event in events)
        count.voices += any(isinstance(event, VoiceStart) for event in events)
    return count


def hear(trial: Trial, detectors: Detectors, settings: Settings) -> list[DeviceEvent]:
    """Play a trial; return what was noticed."""
    room = Acoustics(
        rate=16_000, rt60=trial.rt60, delay_ms=trial.delay_ms, echo_db=trial.echo_db, seed=trial.seed, clip=0.25
    )
    voice = VOICES[trial.seed % len(VOICES)]
    visitors = () if trial.word_at is None else (Visitor(at=trial.word_at, text=WORD, voice=voice),)
    card = Room(Scene(name="own sounds", seconds=SECONDS, room=room, visitors=visitors), pace="step")
    playout = Playout(card.rate, volume=settings.playout.volume, latency=lambda: card.output_latency)
    events: list[DeviceEvent] = []
    card.open(playout)
    capture = Capture(
        card,
        playout,
        RingBuffer(CLOCK_RATE, CLEAN_SECONDS),
        canceller=EchoCanceller(settings.listen.echo_tail_ms),
        voice=detectors.voice,
        wake=detectors.wake,
        emit=events.append,
        vad_threshold=settings.listen.vad_threshold,
    )
    capture.want_voice(True)  # noqa: FBT003 - a switch
    sound = earcon(trial.name, card.rate)
    while card.step():
        if card.frame == round(START_S * card.rate):
            playout.sound(sound)
        while capture.process():
            pass
    return events
