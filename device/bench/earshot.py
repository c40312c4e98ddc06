"""Two devices in one room, and one visitor at many places: which one answers, and how soon."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from device.audio.measure import speech_bounds
from device.bench import sounds
from device.bench.bargein.play import settings_for
from device.bench.live import sessions
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.conversation import entries
from device.sample_clock import CLOCK_RATE
from device.settings.house import HouseSettings
from device.simulation import virtual_clock
from device.simulation.earshot import Network, Together
from device.simulation.leak import Leak
from device.simulation.rehearsal import Rehearsal
from device.simulation.scene import Acoustics, Scene, Visitor
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.simulation.timed_engine import speech
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.bench.sounds import Sound
    from device.conversation.engine import EngineSession, ToolSpec
    from device.conversation.entries import Entry
    from device.settings.tree import Settings
    from device.simulation.earshot import Seat

WHAT = (
    "Two whole daemons in one simulated room, on a virtual clock, with a scripted engine. A visitor calls from random "
    "places: the level falls by 3 dB each time that the distance doubles (Schultz), the direct sound by 6 dB; each "
    "device has its own noise, reverberation and microphone (1 dB, standard deviation), and hears what the other one "
    "plays. Some ask more after the reply, without the wake word, and some replies say the wake word. The same again "
    "where a fifth of the datagrams gets lost, and each takes up to 40 ms; and each device alone."
)
PARTS: Final = ("good", "bad", "alone")
PLACES, QUICK, ALONE = 144, 12, 24
"""Calls of a whole run, of a quick one, and of those that are also played with each device for itself."""
A_ROOM: Final = 6
"""Calls in each room, one after the other: a choice, it takes seconds to load the models."""
SIDES_M: Final = (3.5, 7.0)
APART_M: Final = 2.0
"""Rooms have sides of so many metres, and the devices are so far apart at the least."""
NEARER: Final = 1.5
"""So many times as far from the other device a visitor is who is nearer to one."""
AT_1_M_DB: Final = (-28.0, -20.0)
NOISE_DB: Final = (-68.0, -56.0)
NOISE_OWN_DB: Final = 6.0
RT60: Final = (0.2, 0.6)
RT60_OWN: Final = 0.2
MICROPHONE_DB: Final = 1.0
LEAK_DB: Final = (-20.0, -8.0)
"""What rooms, voices and devices are drawn from; what a device hears of the other one, beside its own echo."""
SOUND_M_S: Final = 343.0
LOST: Final = 0.2
LATE_MS: Final = (0.0, 40.0)
"""Of the datagrams in a bad network."""
OPEN_S: Final = 0.3
"""What it takes to open a session: about as long as with OpenAI."""
SILENCE_S: Final = 0.5
"""After which the engine replies: what OpenAI's Realtime API has by default."""
REPLY_S: Final = 1.2
FOLLOW_UP_S: Final = 1.5
PAUSE_S: Final = 0.8
"""Before a question that does not follow the wake word in one breath, and before one that follows a reply."""
FIRST_S: Final = 4.5
"""The sound of a start is over by then, and what is looked at of the quiet before the word begins after it."""
GAP_S: Final = 1.5
EXACTLY: Final = 99.0
NEAREST_PART: Final = 95.0
LATER_MS: Final = 60.0
"""What must be reached."""


class Call(Struct, frozen=True):
    """Somebody calls, at `at` seconds of the scene, and has asked at `asked`; once more at `again`, if at all."""

    at: float
    asked: float
    again: float | None
    end: float
    distances: tuple[float, float]
    says_word: bool
    """Whether the reply says the wake word."""

    @property
    def ratio(self) -> float:
        """How many times as far the farther device is."""
        return max(self.distances) / min(self.distances)


class Found(Struct):
    """What came of a call at each device."""

    ratio: float
    nearer: int
    woken: list[int]
    opened: list[int]
    answered: list[int]
    chime_s: list[float]
    """When each began its sound; NaN if it did not."""
    reply_s: list[float]
    stayed: bool
    """Whether who answered first also answered what followed."""
    unasked: int
    """Conversations that began later, by what else was said."""


class Plan(Struct, frozen=True):
    """A room: the scene of each device, and what is said in it."""

    scenes: tuple[Scene, Scene]
    calls: tuple[Call, ...]
    leak_db: float
    seed: int


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    if job.part and job.part not in PARTS:
        raise BenchError(f'earshot has no part "{job.part}"; it has {", ".join(PARTS)}')
    try:
        spoken = [
            s for s in sounds.load(job.sounds) if s.kind in ("wake", "complete") and s.synthesizer != sounds.HUMAN
        ]
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    count = QUICK if job.quick else PLACES
    plans = plan(count, spoken, odd=True)
    found: dict[str, list[Found]] = {}
    for part in PARTS:
        if job.part in ("", part):
            some = plans[: max(1, (QUICK if job.quick else ALONE) // A_ROOM)] if part == "alone" else plans
            found[part] = []
            for number, room in enumerate(some, 1):
                found[part] += play(room, job.settings, part)
                job.say(f"{part}: {number} of {len(some)} rooms")
    return Result("earshot", WHAT, tuple(figures(found)))


def figures(found: dict[str, list[Found]]) -> list[Figure]:
    """Return what was found as figures."""
    made = []
    names = {"good": "", "bad": "lossy network: "}
    for part, name in names.items():
        calls = [one for one in found.get(part, []) if any(one.woken)]
        if not calls:
            continue
        clear = [one for one in calls if one.ratio >= NEARER]
        made += [
            _share(f"{name}answered by exactly one", [sum(one.answered) == 1 for one in calls], EXACTLY),
            Figure(f"{name}begun by both", sum(sum(one.opened) > 1 for one in calls), ""),
            _share(f"{name}by the nearer one", [one.answered == _only(one.nearer) for one in clear], NEAREST_PART),
            _share(f"{name}by the nearer one, anywhere", [one.answered == _only(one.nearer) for one in calls]),
            _share(f"{name}what follows, by the same one", [one.stayed for one in calls], EXACTLY),
            Figure(f"{name}woken by what follows", sum(one.unasked for one in calls), "", at_most=0),
        ]
        alone = found.get("alone", [])
        for what, times in (("the sound", "chime_s"), ("the reply", "reply_s")):
            later = [
                1000 * (a - b)
                for grouped, single in zip(found[part], alone, strict=False)
                for a, b in zip(getattr(grouped, times), getattr(single, times), strict=True)
                if np.isfinite(a) and np.isfinite(b)
            ]
            if later:
                made.append(Figure(f"{name}{what} later, median", percentile(later, 50), "ms", LATER_MS))
                bound = LATER_MS if times == "reply_s" else None
                made.append(Figure(f"{name}{what} later, p95", percentile(later, 95), "ms", bound))
    return made


def _share(name: str, which: Sequence[bool], at_least: float | None = None) -> Figure:
    part = 100 * sum(which) / len(which) if which else float("nan")
    return Figure(name, part, "%", at_least=at_least, of=len(which))


def _only(device: int) -> list[int]:
    return [int(device == 0), int(device == 1)]


# The rooms


def plan(count: int, spoken: Sequence[Sound], *, odd: bool) -> list[Plan]:
    """Return rooms with so many calls; whoever builds looks at those that are not `odd`."""
    return [_room(seed, spoken) for seed in range(int(odd), 2 * -(-count // A_ROOM), 2)]


def _room(seed: int, spoken: Sequence[Sound]) -> Plan:
    rng = np.random.default_rng([77, seed])
    sides, rt60, noise = rng.uniform(*SIDES_M, 2), rng.uniform(*RT60), rng.uniform(*NOISE_DB)
    while np.hypot(*((devices := rng.uniform(0.1, 0.9, (2, 2)) * sides)[0] - devices[1])) < APART_M:
        pass
    microphone = rng.normal(0, MICROPHONE_DB, 2)
    calls, visitors, at = [], ([], []), FIRST_S  # type: ignore[var-annotated]
    for number in range(A_ROOM):
        place = rng.uniform(0.05, 0.95, 2) * sides
        metres = [max(0.4, float(np.hypot(*(place - device)))) for device in devices]
        loud = rng.uniform(*AT_1_M_DB)
        call, said = _call(number, at, metres, spoken, rng)
        for start, sound in said:
            for device in (0, 1):
                total, reverb = schultz(metres[device])
                visitors[device].append(
                    Visitor(
                        at=start + metres[device] / SOUND_M_S,
                        wav=str(sound.file),
                        level_db=min(0.0, loud + total + microphone[device]),
                        reverb_db=reverb,
                    )
                )
        calls.append(call)
        at = call.end + GAP_S
    scenes = [
        Scene(
            seconds=at,
            name=f"{seed}-{device}",
            visitors=tuple(visitors[device]),
            room=Acoustics(
                rate=16_000,
                rt60=rt60 * rng.uniform(1 - RT60_OWN, 1 + RT60_OWN),
                echo_db=0.0,
                noise_db=noise + rng.uniform(-NOISE_OWN_DB, NOISE_OWN_DB),
                noise=str(rng.choice(["white", "pink", "brown"])),
                seed=10 * seed + device,
            ),
        )
        for device in (0, 1)
    ]
    return Plan((scenes[0], scenes[1]), tuple(calls), rng.uniform(*LEAK_DB), seed)


def _call(
    number: int, at: float, metres: list[float], spoken: Sequence[Sound], rng: np.random.Generator
) -> tuple[Call, list[tuple[float, Sound]]]:
    """Return a call that begins at `at`, and what is said when."""
    word = [s for s in spoken if s.kind == "wake"]
    first: Sound = word[rng.integers(len(word))]
    questions = [s for s in spoken if s.kind == "complete"]
    said, end = [(at, first)], at + _seconds(first)
    if "," not in first.text:  # the wake word alone
        question: Sound = questions[rng.integers(len(questions))]
        said.append((end + PAUSE_S, question))
        end += PAUSE_S + _seconds(question)
    asked, again = end, None
    end += SILENCE_S + REPLY_S
    if number % 3 == 0:
        question = questions[rng.integers(len(questions))]
        said.append((end + PAUSE_S, question))
        again = end + PAUSE_S + _seconds(question)
        end = again + SILENCE_S + REPLY_S
    end += FOLLOW_UP_S + 1.0
    return Call(at, asked, again, end, (metres[0], metres[1]), number % 3 == 1), said


def _seconds(sound: Sound) -> float:
    samples = sound.samples()
    return (speech_bounds(samples, CLOCK_RATE) or (0, len(samples)))[1] / CLOCK_RATE


def schultz(metres: float) -> tuple[float, float]:
    """Return how loud somebody arrives, relative to 1 m, and the room's part of it relative to the direct sound, in dB.

    In furnished rooms the level falls by 3 dB each time that the distance doubles (T. J. Schultz, 1985); near by, it is
    the direct sound's, which falls by 6 dB.
    """
    direct = -1.0 - 20 * np.log10(metres)
    total = max(-10 * np.log10(metres), direct + 0.01)
    return float(total), float(10 * np.log10(10 ** ((total - direct) / 10) - 1))


# The play


def play(room: Plan, settings: Settings, part: str) -> list[Found]:
    """Play a room; return what came of each call."""
    settings = settings_for(settings, barge_in=True)
    listen = replace(settings.listen, follow_up_s=FOLLOW_UP_S)
    house = HouseSettings(group="" if part == "alone" else "bench")
    settings = replace(settings, listen=listen, house=house)

    async def main() -> list[Found]:
        bad = Network(lost=LOST, delay_ms=LATE_MS, seed=room.seed)
        together = Together(2, bad if part == "bad" else Network(seed=room.seed))
        async with ScriptedRealtime(keep=0) as server:
            engine = Engine(server, room.calls)
            with tempfile.TemporaryDirectory(prefix="parley-") as folder:
                played = [
                    Device(scene, settings, Path(folder) / str(number), server.url, seat)
                    for number, (scene, seat) in enumerate(zip(room.scenes, together.seats, strict=True))
                ]
                if part != "alone":
                    for number in (0, 1):
                        leak = Leak(
                            room.scenes[number], CLOCK_RATE, played[0].room.block, delay_ms=10.0, db=room.leak_db
                        )
                        played[number].room.leaks.append(leak)
                        played[1 - number].room.hears.append(leak)
                engine.now = lambda: played[0].room.frame / CLOCK_RATE
                await asyncio.gather(*(one.play() for one in played))
        return [_found(call, played) for call in room.calls]

    return virtual_clock.run(main())


class Device(Rehearsal):
    """A daemon in its room, which notes its sounds."""

    def __init__(self, scene: Scene, settings: Settings, folder: Path, url: str, seat: Seat) -> None:
        folder.mkdir()
        make = sessions(settings, url)

        async def session(tools: Sequence[ToolSpec], engine: str, names: Sequence[str]) -> EngineSession:
            await asyncio.sleep(OPEN_S)
            return await make(tools, engine, names)

        super().__init__(scene, settings, folder, session=session, pace="step", beside=seat)
        self.chimes: list[float] = []

    def earcon(self, name: str) -> None:
        """Note when it said that it listens."""
        if name == "wake":
            self.chimes.append(self.room.frame / CLOCK_RATE)

    def times(self, kind: type[Entry], start: float, end: float) -> list[float]:
        """Return when something of a kind happened between two moments."""
        return [one.t for one in self.entries if isinstance(one, kind) and start <= one.t < end]


class Engine:
    """The engine's side: it replies to whoever it hears, once something was asked."""

    def __init__(self, server: ScriptedRealtime, calls: Sequence[Call]) -> None:
        self.now: Callable[[], float] = lambda: 0.0
        self._due = sorted(
            [(call.asked + SILENCE_S, call.says_word) for call in calls]
            + [(call.again + SILENCE_S, False) for call in calls if call.again is not None]
        )
        self._replied: dict[Connection, float] = {}
        self._words = Reply((Speech(speech(REPLY_S).tobytes(), "Words."),))
        word = next(s for s in sounds.load() if s.kind == "wake" and "," not in s.text and s.voice == "clb")
        self._word = Reply((Speech(_at_rate(word.samples()).tobytes(), "Hey Jarvis."),))
        server.on(wire.InputAudioBufferAppend, self._hear)

    async def _hear(self, connection: Connection, _event: wire.InputAudioBufferAppend) -> None:
        since = self._replied.setdefault(connection, self.now() - 3.0)
        for at, says_word in self._due:
            if since < at <= self.now():
                self._replied[connection] = at
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
                await connection.send(wire.InputAudioBufferSpeechStopped(item_id="user"))
                if not connection.busy:
                    connection.reply(self._word if says_word else self._words)


def _at_rate(samples: NDArray[np.int16]) -> NDArray[Any]:
    places = np.arange(len(samples) * RATE // CLOCK_RATE) * CLOCK_RATE / RATE
    return np.interp(places, np.arange(len(samples)), samples).astype(np.int16)


def _found(call: Call, played: Sequence[Device]) -> Found:
    first, last = call.at, call.end + GAP_S / 2
    follows = call.asked + SILENCE_S + REPLY_S
    woken, opened, answered, again, unasked = [], [], [], [], 0
    for one in played:
        wakes = one.times(entries.Wake, first, last) + one.times(entries.Elsewhere, first, last)
        woken.append(len([at for at in wakes if at < call.asked + SILENCE_S]))
        starts = one.times(entries.SessionOpen, first, last)
        opened.append(len([at for at in starts if at < call.asked + SILENCE_S + 0.5]))
        unasked += len([at for at in starts if at >= call.asked + SILENCE_S + 0.5])
        replies = one.times(entries.ReplyFirstAudio, first, last)
        answered.append(int(any(at < follows for at in replies)))
        again.append(int(any(at >= follows for at in replies)))
    return Found(
        ratio=call.ratio,
        nearer=int(np.argmin(call.distances)),
        woken=woken,
        opened=opened,
        answered=answered,
        chime_s=[min((at for at in one.chimes if first <= at < last), default=float("nan")) for one in played],
        reply_s=[min(one.times(entries.ReplyFirstAudio, first, follows), default=float("nan")) for one in played],
        stayed=again == (answered if call.again is not None else [0, 0]),
        unasked=unasked,
    )
