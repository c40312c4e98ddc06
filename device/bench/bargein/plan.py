"""What is played to measure barge-in: rooms, conversations in them, and what somebody does to each reply.

A conversation is one scene with a fixed timetable. In each slot of it, the engine gives a reply, and somebody says or
does something while it plays. The same seed makes the same conversations.
"""

from __future__ import annotations

import wave
from itertools import cycle, product
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from device.bench.result import BenchError
from device.bench.sounds import Sound
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics
from device.simulation.faults import Fault
from device.simulation.scene import USUAL_SPEECH_DBFS, Acoustics, Scene, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from device.bench.sounds import Kind

ECHO_DB: Final = (-np.inf, -10.0, 0.0, 6.0)
NOISE_DB: Final = (-60.0, -40.0)
CLIP: Final = (0.6, 0.25)
RT60: Final = (0.2, 0.6)
"""What rooms are made of, all with all: headphones to a loudspeaker near the microphone, a quiet room and a fan, good
and small loudspeakers, furnished and bare."""

Thing = TypeVar("Thing")
Trouble = Literal["", "calm", "stall", "later", "jump", "cold"]
"""What happens to the card in a slot: it stalls less than 2 s before somebody does something, or did `later`, less than
30 s before; the echo jumps then; or the device has just started and gives its first reply. `calm`: nothing, in the same
conversation; empty: nothing, and no other conversation is to be compared with it."""
Role = Literal["yield", "foreign", "backchannel", "noise", "distant", "self", "wake", "wake alone"]
"""What is tried in a slot. `foreign`: an interruption in another language than the device's."""
KINDS: Final[dict[Role, Kind]] = {
    "yield": "interruptions", "foreign": "foreign", "backchannel": "backchannels", "noise": "noises",
    "distant": "distant",
}  # fmt: skip
"""Whose sounds are played over a reply."""
SOFTER_DB: Final[dict[Role, tuple[float, ...]]] = {"noise": (0.0, -6.0), "distant": (-15.0,)}
"""How loud, relative to the visitor."""
FAR_RT60, FAR_REVERB_DB = 0.6, 6.0
"""Who speaks far away is heard by the walls more than directly."""
WAKE_ECHO_DB: Final = 10.0
"""The echo relative to the visitor who says the wake word."""
EARLIEST_S, LATEST_S = 1.2, 4.0
"""After the beginning of a reply, somebody does something."""
EACH: Final = 12
"""How many recordings of people are played in a conversation."""
AFTER_S = 3.0
"""The reply goes on for at least this long after what was done."""
LONG_REPLY_S = 25.0
"""How long replies are when nobody interrupts them."""
PAUSE_S = 2.0
"""Between replies, also when one of them was partly repeated."""
WAKE_AT_S, FIRST_SLOT_S = 1.0, 8.0
"""When the visitor wakes the device, and when the first slot begins: the conversation is going on by then."""


STALL_MS: Final = (20.0, 400.0)
SOON_S: Final = 1.6
"""Up to so long after a stall somebody does something; it lasts up to 0.4 s itself."""
JUMPY_MS: Final = 130.0
"""The echo's delay in these conversations, so that it can come 90 ms earlier."""
JUMP_MS: Final = (-90.0, 400.0)
JUMP_BEFORE_S: Final = 0.5
"""Up to so long before somebody does something the echo jumps: it is not found again by then."""
COLD_AT_S: Final = 2.0
COLD_ONSET_S: Final = (0.3, 1.5)
"""When the first reply of all begins, and how soon after that somebody interrupts it."""


class Slot(Struct, frozen=True):
    """A reply of the engine, and what is done while it plays."""

    name: str
    role: Role
    at: float
    """When the reply begins, in seconds of the scene."""
    reply_s: float
    """How long it is at least; 0: there is none."""
    sound: Sound | None = None
    onset: float = 0.0
    """When the sound begins."""
    level_db: float = USUAL_SPEECH_DBFS
    trouble: Trouble = ""


class Talk(Struct, frozen=True):
    """A conversation."""

    name: str
    scene: Scene
    slots: tuple[Slot, ...]
    replies: tuple[Sound, ...]
    voice: str
    """The visitor's."""
    echo_db: float
    """As asked for; the scene's may differ, since it is relative to the median of all its sounds."""
    spoken: bool
    """The visitor wakes the device by voice; otherwise it is the button."""
    barge_in: bool = True


def rooms() -> list[Acoustics]:
    """Return the rooms: every echo level with every noise floor, loudspeaker and reverberation."""
    conditions = product(ECHO_DB, NOISE_DB, CLIP, RT60)
    return [
        Acoustics(echo_db=echo, noise_db=noise, clip=clip, rt60=rt60, seed=seed)
        for seed, (echo, noise, clip, rt60) in enumerate(conditions)
    ]


class Planner:
    """Spreads the `sounds` over conversations, each sound over several rooms; `folder` takes sounds that it makes."""

    def __init__(self, sounds: Sequence[Sound], folder: Path, *, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._folder = folder
        self._sounds: dict[str, list[Sound]] = {}
        for sound in sounds:
            self._sounds.setdefault(sound.kind, []).append(sound)
        if not self._sounds.get("replies"):
            raise BenchError("there are no sounds of the kind replies: the device has nothing to say")
        self._rounds: dict[str, Iterator[Sound]] = {}
        self._replies = self._by_voice("replies")

    def talks(self, count: int, each: dict[Role, int]) -> list[Talk]:
        """Return `count` conversations, room after room, in which each role has so many slots.

        In each, one visitor speaks; what is no visitor's comes from all sounds of its kind.
        """
        voices = self._voices()
        return [
            self._talk(f"talk-{n:03}", room, voices[n % len(voices)], each)
            for n, room in zip(range(count), cycle(self._shuffled(rooms())), strict=False)
        ]

    def people(self, sounds: Sequence[Sound]) -> list[Talk]:
        """Return conversations in which each of the `sounds` that has a role is played once, over a reply."""
        roles = {kind: role for role, kind in KINDS.items()}
        wanted = self._shuffled([(roles[sound.kind], sound) for sound in sounds if sound.kind in roles])
        count = -(-len(wanted) // EACH)
        voices = self._voices()
        return [
            self._over(f"people-{n:03}", room, voices[n % len(voices)], wanted[n::count])
            for n, room in zip(range(count), cycle(self._shuffled(rooms())), strict=False)
        ]

    def stalled(self, count: int, each: dict[Role, int]) -> list[Talk]:
        """Return `count` conversations with an echo, each three times: calm, with stalls, and with an echo that jumps.

        The card stalls shortly before every second slot of a role; the others are in the 30 s after it.
        """
        voices = self._voices()
        among = self._shuffled([room for room in rooms() if room.echo_db > -np.inf])
        made = []
        for n, room in zip(range(count), cycle(among), strict=False):
            voice = voices[n % len(voices)]
            talk = self._talk(f"calm-{n:03}", replace(room, delay_ms=JUMPY_MS), voice, each)
            made.append(_troubled(talk, "calm", ["calm"] * len(talk.slots), ()))
            troubles: list[Trouble] = []
            stalls: list[Fault] = []
            jumps: list[Fault] = []
            for number, slot in enumerate(talk.slots):
                earlier = sum(other.role == slot.role for other in talk.slots[:number])
                # The first one has no stall to be later than.
                troubles.append("later" if earlier % 2 and stalls else "stall")
                ms = float(self._rng.uniform(*STALL_MS))
                if troubles[-1] == "stall":
                    before = ms / 1000 + float(self._rng.uniform(0.0, SOON_S))
                    stalls.append(Fault(at=max(slot.at, slot.onset - before), kind="stall", ms=ms))
                before = float(self._rng.uniform(0.0, JUMP_BEFORE_S))
                jumps.append(Fault(at=slot.onset - before, kind="jump", ms=float(self._rng.uniform(*JUMP_MS))))
            made += [
                _troubled(talk, "stall", troubles, stalls),
                _troubled(talk, "jump", ["jump"] * len(talk.slots), jumps),
            ]
        return made

    def cold(self, count: int) -> list[Talk]:
        """Return conversations in which somebody interrupts the first reply of a device that has just started."""
        voices = self._voices()
        among = self._shuffled([room for room in rooms() if room.echo_db > -np.inf])
        made = []
        for n, room in zip(range(count), cycle(among), strict=False):
            voice = voices[n % len(voices)]
            own = [sound for sound in self._sounds.get("interruptions", []) if sound.voice == voice]
            for sound in self._next(own or self._sounds.get("interruptions", []), f"cold {voice}", 1):
                onset = COLD_AT_S + float(self._rng.uniform(*COLD_ONSET_S))
                reply_s = onset - COLD_AT_S + len(sound.samples()) / CLOCK_RATE + AFTER_S
                slot = Slot(f"cold-{n:03}-00", "yield", COLD_AT_S, reply_s, sound, onset, trouble="cold")
                made.append(self._make(f"cold-{n:03}", room, [slot], COLD_AT_S + reply_s + 2.0, voice, spoken=False))
        return made

    def alone(self, minutes: float, talks: int) -> list[Talk]:
        """Return conversations without a visitor: so many minutes of replies, in so many talks, at each echo level.

        Without an echo, a third of that will do: the device has nothing of its own to hear.
        """
        made = []
        for echo in ECHO_DB:
            length = 60 * minutes / talks / (3 if echo == -np.inf else 1)
            among = self._shuffled([room for room in rooms() if room.echo_db == echo])
            for n, room in zip(range(talks), cycle(among), strict=False):
                name = f"self-{'off' if echo == -np.inf else f'{echo:+g}'}-{n:02}"
                count = max(1, round(length / LONG_REPLY_S))
                slots, at = [], 1.5
                for i in range(count):
                    slots.append(Slot(f"{name}-{i:02}", "self", at, length / count))
                    at += length / count + 1.0 + PAUSE_S
                scene = Scene(name=name, seconds=at + 2, room=replace(room, seed=100 + n))
                made.append(Talk(name, scene, tuple(slots), self._reply_voice(), "", echo, spoken=False))
        return made

    def waking(self, count: int, *, barge_in: bool) -> list[Talk]:
        """Return conversations in which the wake word is said, each time over a reply and then without one."""
        sounds = [s for s in self._sounds.get("wake", []) if len(s.samples()) < 1.5 * CLOCK_RATE]
        among = [room for room in rooms() if room.echo_db == 0]
        made = []
        for n, room in zip(range(count if sounds else 0), cycle(among), strict=False):
            name = f"wake-{'' if barge_in else 'only-'}{n:02}"
            slots: list[Slot] = []
            at = 1.5
            # The first reply teaches the canceller the room.
            slots.append(Slot(f"{name}-first", "self", at, 4.0))
            at += 7.5
            for sound in self._next(sounds, "wake", min(8, len(sounds))):
                onset = at + float(self._rng.uniform(EARLIEST_S, 2.5))
                length = len(sound.samples()) / CLOCK_RATE
                slots.append(Slot(f"{name}-{len(slots):02}", "wake", at, onset - at + length + 1.0, sound, onset))
                at = onset + length + 5.0
                slots.append(Slot(f"{name}-{len(slots):02}", "wake alone", at, 0.0, sound, at))
                at += length + 3.0
            made.append(
                self._make(name, replace(room, echo_db=WAKE_ECHO_DB), slots, at, "", spoken=False, barge_in=barge_in)
            )
        return made

    def _talk(self, name: str, room: Acoustics, voice: str, each: dict[Role, int]) -> Talk:
        wanted: list[tuple[Role, Sound]] = []
        for role, count in each.items():
            kind = KINDS[role]
            sounds = self._sounds.get(kind, [])
            own = [s for s in sounds if s.voice == voice] if role in ("yield", "backchannel") else sounds
            wanted += [(role, sound) for sound in self._next(own or sounds, f"{kind} {voice if own else ''}", count)]
        return self._over(name, room, voice, wanted)

    def _over(self, name: str, room: Acoustics, voice: str, wanted: Sequence[tuple[Role, Sound]]) -> Talk:
        """Return a conversation that `voice` begins, with a slot for each of the sounds, in random order."""
        slots = []
        at = FIRST_SLOT_S
        for number, index in enumerate(self._rng.permutation(len(wanted))):
            role, sound = wanted[index]
            onset = float(self._rng.uniform(EARLIEST_S, LATEST_S))
            length = len(sound.samples()) / CLOCK_RATE
            softer = SOFTER_DB.get(role, (0.0,))
            level = USUAL_SPEECH_DBFS + softer[int(self._rng.integers(len(softer)))]
            if role == "distant":
                sound = self._far(sound)
            reply_s = onset + length + AFTER_S
            slots.append(Slot(f"{name}-{number:02}", role, at, reply_s, sound, at + onset, level))
            at += reply_s + 1.0 + PAUSE_S
        return self._make(name, room, slots, at, voice, spoken=True)

    def _make(
        self,
        name: str,
        room: Acoustics,
        slots: list[Slot],
        ends: float,
        voice: str,
        *,
        spoken: bool,
        barge_in: bool = True,
    ) -> Talk:
        visitors = list(self._opening(voice)) if spoken else []
        visitors += [
            Visitor(at=slot.onset, wav=str(slot.sound.file), label=slot.name, level_db=slot.level_db)
            for slot in slots
            if slot.sound is not None
        ]
        scene = Scene(name=name, seconds=ends + 1.0, visitors=tuple(visitors))
        # Echo levels are relative to the visitor, not to coughs.
        echo_db = room.echo_db + USUAL_SPEECH_DBFS - scene.speech_db
        scene = replace(scene, room=replace(room, echo_db=echo_db, seed=int(self._rng.integers(1 << 30))))
        return Talk(name, scene, tuple(slots), self._reply_voice(), voice, room.echo_db, spoken, barge_in)

    def _opening(self, voice: str) -> Iterator[Visitor]:
        """Return how the visitor begins: wakes the device and asks something."""
        at = WAKE_AT_S
        for kind in ("wake", "complete"):
            sounds = self._sounds.get(kind, [])
            own = [s for s in sounds if s.voice == voice] or sounds
            if own:
                sound = next(self._next(own, f"opening {kind} {voice}", 1))
                yield Visitor(at=at, wav=str(sound.file), label=kind)
                at += len(sound.samples()) / CLOCK_RATE + 1.0

    def _voices(self) -> list[str]:
        """Return the voices of visitors, in random order."""
        voices = {sound.voice for kind in ("interruptions", "backchannels") for sound in self._sounds.get(kind, [])}
        if not voices:
            raise BenchError("there are no sounds of the kinds interruptions and backchannels")
        return self._shuffled(sorted(voices))

    def _by_voice(self, kind: str) -> list[tuple[Sound, ...]]:
        found = self._sounds[kind]
        return [tuple(s for s in found if s.voice == voice) for voice in sorted({s.voice for s in found})]

    def _reply_voice(self) -> tuple[Sound, ...]:
        """Return what the device says in a conversation: all in one voice, beginning anywhere."""
        said = self._replies[int(self._rng.integers(len(self._replies)))]
        first = int(self._rng.integers(len(said)))
        return said[first:] + said[:first]

    def _next(self, sounds: Sequence[Sound], name: str, count: int) -> Iterator[Sound]:
        """Yield the next `count` of the sounds; all of them in turn, however often it is called by that name."""
        if not sounds:
            return
        turn = self._rounds.setdefault(name, cycle(self._shuffled(list(sounds))))
        for _ in range(count):
            yield next(turn)

    def _shuffled(self, things: list[Thing]) -> list[Thing]:
        return [things[i] for i in self._rng.permutation(len(things))]

    def _far(self, sound: Sound) -> Sound:
        """Return the sound as it comes from the far end of a room."""
        file = self._folder / f"far-{sound.file.name}"
        if not file.exists():
            seed = int(np.frombuffer(sound.file.name.encode().ljust(8)[:8], np.uint64)[0] % (1 << 32))
            response = acoustics.impulse_response(CLOCK_RATE, FAR_RT60, FAR_REVERB_DB, np.random.default_rng(seed))
            heard = acoustics.convolve(sound.samples().astype(np.float32), response)
            with wave.open(str(file), "wb") as out:
                out.setparams((1, 2, CLOCK_RATE, 0, "NONE", ""))
                out.writeframes((heard * (16384 / np.abs(heard).max())).astype("<i2").tobytes())
        return replace(sound, file=file)


def _troubled(talk: Talk, kind: str, troubles: Sequence[Trouble], faults: Sequence[Fault]) -> Talk:
    """Return the same conversation under another name, with such faults."""
    name = talk.name.replace("calm", kind)
    slots = tuple(
        replace(slot, name=slot.name.replace("calm", kind), trouble=trouble)
        for slot, trouble in zip(talk.slots, troubles, strict=True)
    )
    visitors = tuple(replace(one, label=one.label.replace("calm", kind)) for one in talk.scene.visitors)
    return replace(
        talk, name=name, slots=slots, scene=replace(talk.scene, name=name, visitors=visitors, faults=tuple(faults))
    )
