"""Where the local engine takes a turn to be over: in a pause in the middle of it, and how long after its end.

Each utterance is sent to a session of the local engine, in this process and on a virtual clock that is charged for
the engine's work; the session is what the daemon asks for, and then one that goes by a plain silence.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import numpy as np
import soxr
from msgspec import Struct
from msgspec.structs import replace

from device.audio.measure import FULL_SCALE, speech_bounds, speech_level
from device.bench.bargein.plan import NOISE_DB
from device.bench.bargein.play import CHARGE
from device.bench.result import BenchError, Figure, percentile
from device.bench.sounds import HUMAN
from device.engines.factory import wanted_by
from device.engines.realtime.config import RATE, local_config, session_of
from device.local.cascade import Cascade
from device.local.load import load_stages
from device.local.session.client_events import Session
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics, virtual_clock
from device.simulation.scene import USUAL_SPEECH_DBFS
from device.system.typed import typed
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.bench.sounds import Sound
    from device.local.cascade import Stages
    from device.settings.tree import Settings

Rule = Literal["settings", "plain"]
"""As the settings have it, or by a plain silence."""
PLAIN_MS: Final = 500
"""The default of OpenAI's server VAD (`silence_duration_ms`)."""
BLOCK_S, TICK_S = 0.02, 0.005
"""Audio in a message, and the step of the virtual clock: times are told to it."""
BEFORE_S, AFTER_S = 0.6, 4.0
"""Of the room, before and after what is said."""
STOPPED, BEGUN = "input_audio_buffer.speech_stopped", "response.created"


class Ended(Struct, kw_only=True):
    """What became of an utterance. Times in ms from the end of the speech; None if it never came."""

    sound: str
    kind: str
    voice: str
    text: str
    human: bool = False
    """Whether a person said it, and not a program."""
    noise_db: float
    rule: Rule
    cut_in: bool
    """The turn was taken to be over while the speech was not."""
    turn_ms: float | None
    """When the turn was over."""
    reply_ms: float | None
    """When the reply was begun."""


def listen(sounds: Sequence[Sound], settings: Settings) -> list[Ended]:
    """Return what becomes of each sound, with each noise floor, by each rule. Raises BenchError or ModelError."""
    stages = load_stages(settings)
    rules: tuple[Rule, ...] = ("settings", "plain")
    return [
        virtual_clock.run(_listen(stages, settings, sound, noise_db, rule), charge=CHARGE)
        for sound in sounds
        for noise_db in NOISE_DB
        for rule in rules
    ]


def turn_figures(ended: Sequence[Ended]) -> list[Figure]:
    """Return how often the engine cuts in, and what that costs where there is no pause; of people after programs."""
    programs, people = ([one for one in ended if one.human is human] for human in (False, True))
    of_people = _figures(people, 12.0) if people else []
    return _figures(programs, 10.0) + [replace(figure, name=f"people, {figure.name}") for figure in of_people]


def _figures(ended: Sequence[Ended], most: float) -> list[Figure]:
    """Return the figures of some utterances, in at most so many percent of whose pauses the engine may cut in."""

    def of(kind: str, rule: Rule) -> list[Ended]:
        return [one for one in ended if (one.kind, one.rule) == (kind, rule)]

    made = []
    rules: dict[Rule, str] = {"settings": "end of turn", "plain": f"… by {PLAIN_MS} ms of silence"}
    for rule, name in rules.items():
        paused = of("pauses", rule)
        share = 100 * sum(one.cut_in for one in paused) / len(paused) if paused else float("nan")
        bound = most if rule == "settings" else None
        made.append(Figure(f"{name}: false cut-ins in {len(paused)} pauses", share, "%", bound, of=len(paused)))
    usual, plain = ([np.inf if o.reply_ms is None else o.reply_ms for o in of("complete", rule)] for rule in rules)
    added = percentile(usual, 50) - percentile(plain, 50)
    made.append(Figure(f"end of turn: added median delay, {len(usual)} utterances", added, "ms", at_most=250))
    made.append(Figure("end of turn: speech → reply begun, p95", percentile(usual, 95), "ms"))
    return made


async def _listen(stages: Stages, settings: Settings, sound: Sound, noise_db: float, rule: Rule) -> Ended:
    """Send an utterance to a session of its own."""
    if rule == "plain":
        settings = replace(settings, listen=replace(settings.listen, end_of_turn="server", silence_ms=PLAIN_MS))
    samples, end_s = _heard(sound, noise_db)
    loop = asyncio.get_running_loop()
    if isinstance(loop, virtual_clock.VirtualLoop):
        loop.drive(lambda: TICK_S)
    began = loop.time()
    happened: list[tuple[float, str]] = []

    def write(text: str) -> None:
        happened.append((loop.time() - began, msgspec.json.decode(text)["type"]))

    session = Session(_cascade(stages, loop), write, _at_once, voice=settings.local.voice)
    asked = session_of(local_config(settings.local.voice, wanted_by(settings, ()), ""))
    await session.receive(wire.encode(wire.SessionUpdate(asked)))
    happened.clear()
    began = loop.time()
    block = round(BLOCK_S * RATE)
    for start in range(0, len(samples), block):
        await asyncio.sleep(max(0.0, began + (start + block) / RATE - loop.time()))
        await session.receive(wire.encode(wire.InputAudioBufferAppend(samples[start : start + block].tobytes())))
    session.close()
    if any(what == "error" for _, what in happened):
        raise BenchError(f"the local engine refused the audio of an utterance: run `{typed('engine')}` to see why")

    def after(kind: str, least: float) -> float | None:
        """Return how long after the speech's end something happened; None if it did not, from `least` on."""
        return next((1000 * (at - end_s) for at, what in happened if what == kind and at >= least), None)

    early = any(what == STOPPED and at < end_s for at, what in happened)
    return Ended(
        sound=sound.file.name,
        kind=sound.kind,
        voice=sound.voice,
        text=sound.text,
        human=sound.synthesizer == HUMAN,
        noise_db=noise_db,
        rule=rule,
        cut_in=early,
        turn_ms=after(STOPPED, end_s),
        reply_ms=after(BEGUN, end_s),
    )


async def _at_once() -> None:
    """Be a client who has taken all that was written."""


def _cascade(stages: Stages, loop: asyncio.AbstractEventLoop) -> Cascade:
    """Return the stages with threads that work by the loop's clock."""
    cascade = Cascade(stages)
    for name, pool in vars(cascade).items():
        if isinstance(pool, ThreadPoolExecutor):
            setattr(cascade, name, virtual_clock.VirtualThread(loop, charge=CHARGE))
    return cascade


def _heard(sound: Sound, noise_db: float) -> tuple[NDArray[np.int16], float]:
    """Return what the engine is sent, `(n,) int16, 24 kHz`, and where the speech in it ends, in seconds."""
    said = sound.samples().astype(np.float32)
    bounds = speech_bounds(said, CLOCK_RATE) or (0, len(said))
    said *= np.float32(acoustics.ratio(USUAL_SPEECH_DBFS - speech_level(said, CLOCK_RATE)))
    before, after = (np.zeros(round(seconds * CLOCK_RATE), np.float32) for seconds in (BEFORE_S, AFTER_S))
    whole = soxr.resample(np.concatenate((before, said, after)), CLOCK_RATE, RATE, quality="HQ")
    noise = acoustics.noise("pink", RATE, np.random.default_rng(0)) * np.float32(acoustics.ratio(noise_db) * FULL_SCALE)
    whole = whole + np.resize(noise, len(whole))
    return np.clip(np.rint(whole), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16), BEFORE_S + bounds[1] / CLOCK_RATE
