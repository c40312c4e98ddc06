"""In which rooms, and with which cards, the device is left alone with itself.

Rooms are random, from seeds. Half of the seeds are for building and half for judging: whoever changes something looks
at the even ones, and the bench judges on the odd ones, so that nothing is fitted to what it is judged by.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from device.simulation.faults import Fault, Kind
from device.simulation.scene import Acoustics, ClockEvent, Move, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

Group = Literal["grid", "faults", "lost", "cold", "chime", "sounds"]
"""A case is of the `grid` of echoes and stalls, of `faults` of cards and echoes that move, `lost` as its echo is past
what can be cancelled, a `cold` start with a first reply, the `chime` of a start and nothing else, or about the device's
own `sounds`."""

ECHO_DB: Final = (-10.0, 0.0, 6.0)
DELAYS_MS: Final = (20, 60, 100, 200, 300, 400, 500)
STALLS_S: Final = (None, 20.0, 5.0)
"""The grid, all with all: level of the echo, when it begins, and how often the card stalls."""
STALL_MS: Final = (20.0, 400.0)
JUMP_MS: Final = (-90.0, 400.0)
RT60: Final = (0.2, 0.6)
CLIP: Final = (0.2, 0.8)
NOISE_DB: Final = (-65.0, -45.0)
LATENCY_MS: Final = (20, 40, 60)
"""What rooms and cards are drawn from: furnished to bare, small loudspeakers to good ones, quiet to a fan, and the
buffers that cards have by default."""
CHIME_S: Final = 4.0
"""The sound of a start lasts 1.2 s, and the wake word is detected up to 1 s late."""
COLD_S: Final = 18.0
"""A chime, a wait, a reply of about 9 s and what follows it."""


class Case(Struct, frozen=True):
    """A room with nobody in it."""

    name: str
    group: Group
    scene: Scene
    echo_db: float
    """At the volume that is set, an echo of 0 dB is as loud as a visitor would be."""
    stall_s: float | None = None
    """How often the card stalls, in the grid."""
    wait_s: float = 0.0
    """How long the device is left asleep first; what it hears of its start-up sound wakes it or does not."""


def grid(seconds: float, *, odd: bool, runs: int = 1) -> list[Case]:
    """Return a case of `seconds` for every echo level, delay and distance of stalls; or `runs` of them, each."""
    cases = []
    for number, (echo_db, delay_ms, every, _) in enumerate(product(ECHO_DB, DELAYS_MS, STALLS_S, range(runs))):
        seed = 2 * number + odd
        faults = stalls(every, seconds) if every else ()
        name = f"echo {echo_db:+g} dB after {delay_ms} ms, {often(every)}"
        scene = Scene(name=name, seconds=seconds, room=room(seed, echo_db, delay_ms), faults=faults)
        cases.append(Case(name, "grid", scene, echo_db, every))
    return cases


def stalls(every: float, seconds: float) -> tuple[Fault, ...]:
    """Return stalls, one `every` so many seconds: of the card and of the process by turns."""
    kinds: tuple[Kind, ...] = ("stall", "sleep", "freeze")
    made = (
        Fault(at=every / 2 + every * n, kind=kind, ms=STALL_MS, every=every * len(kinds), spread=every / 5)
        for n, kind in enumerate(kinds)
    )
    return tuple(fault for fault in made if fault.at < seconds)


def faults(seconds: float, *, odd: bool) -> list[Case]:
    """Return a case of `seconds` for everything else that cards and echoes do, at 0 and +6 dB."""

    def often(kind: Any, ms: Any, every: float, at: float = 4.0) -> Fault:
        return Fault(at=at, kind=kind, ms=ms, every=every, spread=min(at, every / 5))

    turns = [at for at in np.arange(12.0, seconds, 15.0) if at < seconds]
    moves = tuple(Move(at=at, over=0.3, delay_ms=40 + 37.0 * (n % 4), other_room=True) for n, at in enumerate(turns))
    drifts = tuple(ClockEvent(at=at, drift_ppm=(-60.0, 0.0, 120.0, 40.0)[n % 4]) for n, at in enumerate(turns))
    any_stall = often("stall", STALL_MS, 10.0)
    things: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "jumps": ({"delay_ms": 130}, {"faults": (often("jump", JUMP_MS, 15.0, 10.0),)}),
        "a buffer that grows and shrinks": ({}, {"faults": (often("buffer", (20.0, 320.0), 12.0, 6.0),)}),
        "… and is not told": ({"latency_told": False}, {"faults": (often("buffer", (20.0, 320.0), 12.0, 6.0),)}),
        "somebody carries the speaker": ({}, {"moves": moves}),
        "an echo that comes twice": ({"delay_ms": 200, "second_delay_ms": 40, "second_echo_db": -6.0}, {}),
        "… first through the air": ({"delay_ms": 60, "second_delay_ms": 320, "second_echo_db": -6.0}, {}),
        "stalls that are not told": ({"losses_told": False}, {"faults": (any_stall,)}),
        "… that are told wrong by 10 ms": ({"losses_error_ms": 10.0}, {"faults": (any_stall,)}),
        "one direction alone": (
            {"latency_ms": 60},
            {"faults": (
                often("overrun", (20.0, 60.0), 15.0), often("repeat", (20.0, 120.0), 15.0, 9.0),
                often("drop", (20.0, 120.0), 15.0, 14.0),
            )},
        ),
        "clocks 80 ppm apart": ({"drift_ppm": 80.0}, {}),
        "clocks that change": ({"drift_ppm": 60.0}, {"clocks": drifts}),
    }  # fmt: skip
    cases = []
    for number, ((name, (keys, rest)), echo_db) in enumerate(product(things.items(), (0.0, 6.0))):
        acoustics = room(10_000 + 2 * number + odd, echo_db, 100)
        full = f"{name}, {echo_db:+g} dB"
        scene = Scene(name=full, seconds=seconds, room=replace(acoustics, **keys), **rest)
        cases.append(Case(full, "faults", scene, echo_db))
    return cases


def lost(seconds: float, *, odd: bool) -> list[Case]:
    """Return cases in which nothing that is linear and in time helps: the device must notice."""
    things: dict[str, dict[str, Any]] = {
        "an echo after 800 ms": {"delay_ms": 800.0},
        "a loudspeaker that rattles": {"clip": 0.015},
    }
    return [
        Case(name, "lost", Scene(name=name, seconds=seconds, room=replace(acoustics, **keys)), acoustics.echo_db)
        for n, (name, keys) in enumerate(things.items())
        for acoustics in (room(20_000 + 2 * n + odd, 0.0, 100),)
    ]


def cold(count: int, *, odd: bool) -> list[Case]:
    """Return `count` starts of the daemon, each with a first reply: half of them in the start-up sound."""
    cases = []
    conditions = list(product(ECHO_DB, DELAYS_MS[:5]))
    for number in range(count):
        echo_db, delay_ms = conditions[number % len(conditions)]
        wait_s = 0.0 if number % 2 else 3.0
        name = f"cold start {number}, echo {echo_db:+g} dB after {delay_ms} ms"
        scene = Scene(name=name, seconds=COLD_S + wait_s, room=room(30_000 + 2 * number + odd, echo_db, delay_ms))
        cases.append(Case(name, "cold", scene, echo_db, wait_s=wait_s))
    return cases


def chimes(count: int, *, odd: bool) -> list[Case]:
    """Return `count` starts of a device that nobody speaks to: what it hears of its start-up sound must not wake it."""
    cases = []
    for number in range(count):
        seed = 50_000 + 2 * number + odd
        rng = np.random.default_rng([seed, 1])
        echo_db, delay_ms = float(rng.uniform(ECHO_DB[0], ECHO_DB[-1])), float(rng.uniform(20, 500))
        name = f"chime {number}, echo {echo_db:+.1f} dB after {delay_ms:.0f} ms"
        scene = Scene(name=name, seconds=CHIME_S, room=room(seed, echo_db, delay_ms))
        cases.append(Case(name, "chime", scene, echo_db, wait_s=CHIME_S))
    return cases


def own_sounds(count: int, seconds: float, *, odd: bool) -> list[Case]:
    """Return `count` rooms in which the device makes its sounds, asleep and then awake, before its first reply."""
    cases = []
    for number in range(count):
        echo_db = ECHO_DB[number % len(ECHO_DB)]
        name = f"sounds {number}, echo {echo_db:+g} dB"
        acoustics = room(40_000 + 2 * number + odd, echo_db, DELAYS_MS[number % 5])
        scene = Scene(name=name, seconds=seconds, room=acoustics)
        cases.append(Case(name, "sounds", scene, echo_db, wait_s=seconds / 2))
    return cases


def room(seed: int, echo_db: float, delay_ms: float) -> Acoustics:
    """Return the room of a seed, with such an echo."""
    rng = np.random.default_rng(seed)
    return Acoustics(
        seed=seed,
        echo_db=echo_db,
        delay_ms=delay_ms,
        rt60=round(float(rng.uniform(*RT60)), 2),
        clip=round(float(rng.uniform(*CLIP)), 2),
        noise_db=round(float(rng.uniform(*NOISE_DB)), 1),
        latency_ms=int(rng.choice(LATENCY_MS)),
    )


def minutes(cases: Sequence[Case]) -> float:
    """Return how long cases last together."""
    return sum(case.scene.seconds for case in cases) / 60


def often(every: float | None) -> str:
    """Say how often the card stalls."""
    return f"a stall every {every:g} s" if every else "no stalls"
