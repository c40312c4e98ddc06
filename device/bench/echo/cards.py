"""What a canceller is measured with where the card goes wrong: rooms in which the device talks and nobody else is.

The sound goes through the simulated card, so that microphone and reference are what the device has: with silence in
place of what the card says that it missed, and with nothing in place of what it does not.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE
from device.bench.echo.rooms import BLOCK, DEVICE_DBFS, Sound, pcm, talk
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.faults import Fault, Kind
from device.simulation.room import Room
from device.simulation.scene import Acoustics, ClockEvent, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS: Final = 50.0
"""Of each room."""
FIRST_S, EVERY_S = 8.0, 6.0
"""When something happens first, and how often: the canceller knows the room by then, and has found it again before the
next time."""
DELAYS_MS: Final = (20, 60, 100, 200, 300, 400, 500)
BASE_MS: Final = 130.0
"""The echo's delay where it jumps, so that it can come 90 ms earlier."""
NOISE_DBFS: Final = -65.0
JUMPS: Final = "jumps of -90 to 400 ms"


class Card(Struct, frozen=True):
    """A card, and what happens to it in a room."""

    name: str
    scene: Scene
    times: tuple[float, ...] = ()
    """When something happens after which the echo has to be found again, in seconds."""


class Taped(Struct, frozen=True):
    """What a device has of a room: all `(n,)`, at 16 kHz, by the device's clock."""

    played: NDArray[np.int16]
    heard: NDArray[np.int16]
    echo: Sound
    missing: NDArray[np.bool_]
    """Which blocks of 10 ms are silence in place of what is not known, `(n / 160,)`."""
    changes: list[int]
    """Where something happened to the echo."""


def cards(places: Sequence[tuple[float, float]]) -> dict[str, list[Card]]:
    """Return what is tried, by its name, in rooms of such loudspeakers (`clip`) and reverberation (`rt60`)."""
    times = tuple(np.arange(FIRST_S, SECONDS - 3.0, EVERY_S).tolist())

    def often(kind: Any, ms: Any) -> dict[str, Any]:
        return {"faults": (Fault(at=FIRST_S, kind=kind, ms=ms, every=EVERY_S, until=SECONDS - 3.0),)}

    kinds: tuple[Kind, ...] = ("repeat", "overrun", "drop")
    slips = tuple(
        Fault(at=FIRST_S + n * EVERY_S, kind=kind, ms=(20.0, 60.0), every=3 * EVERY_S, until=SECONDS - 3.0)
        for n, kind in enumerate(kinds)
    )
    clocks = tuple(ClockEvent(at=at, drift_ppm=(-60.0, 100.0, 30.0)[n % 3]) for n, at in enumerate(times[::2]))
    jumps = {"delay_ms": BASE_MS}
    things: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[float, ...]]] = {
        **{f"delay of {ms} ms": ({"delay_ms": float(ms)}, {}, ()) for ms in DELAYS_MS},
        JUMPS: (jumps, often("jump", (-90.0, 400.0)), times),
        "slips of 20 to 60 ms": ({"latency_ms": 60.0}, {"faults": slips}, times),
        "a buffer of 20 to 320 ms": ({}, often("buffer", (20.0, 320.0)), times),
        "stalls that are told": ({}, often("stall", (20.0, 400.0)), times),
        "… not told": ({"losses_told": False}, often("stall", (20.0, 400.0)), times),
        "… of an echo after 400 ms": ({"delay_ms": 400.0}, often("stall", (20.0, 400.0)), times),
        "a second echo": ({"delay_ms": 200.0, "second_delay_ms": 40.0, "second_echo_db": -6.0}, {}, ()),
        "clocks that change": ({"drift_ppm": 50.0}, {"clocks": clocks}, ()),
    }
    made: dict[str, list[Card]] = {}
    for number, ((name, (keys, rest, when)), (clip, rt60)) in enumerate(product(things.items(), places)):
        room = Acoustics(rate=16_000, clip=clip, rt60=rt60, noise_db=NOISE_DBFS, seed=number, delay_ms=100.0)
        scene = Scene(name=name, seconds=SECONDS, room=replace(room, **keys), **rest)
        made.setdefault(name, []).append(Card(name, scene, when))
    return made


def tape(card: Card, replies: Sequence[Sound]) -> Taped:
    """Let the device say `replies` all the time in a card's room, and return what it has of it."""
    said = pcm(talk(replies, card.scene.room.seed, samples(1000 * SECONDS), DEVICE_DBFS))
    room = _Recorder(card.scene)
    room.play(said)
    silent = replace(card.scene.room, echo_db=-np.inf, second_echo_db=-np.inf)
    without = _Recorder(replace(card.scene, room=silent))
    without.play(said)
    n = room.now // BLOCK * BLOCK
    missing = np.zeros(n, np.bool_)
    for start, end in room.gaps.since(0):
        missing[start:end] = True
    heard = np.concatenate(room.heard)[:n]
    echo = (heard.astype(np.float32) - np.concatenate(without.heard)[:n]) / np.float32(FULL_SCALE)
    by_block = np.array([room.frame_of(at) for at in range(0, n, BLOCK)])
    changes = [int(np.searchsorted(by_block, at * CLOCK_RATE)) * BLOCK for at in card.times]
    return Taped(np.concatenate(room.said)[:n], heard, echo, missing.reshape(-1, BLOCK).any(axis=1), changes)


class _Recorder(Room):
    """A room whose microphone and loudspeaker are kept by the device's clock, in which a voice goes on."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, pace="step")
        self.heard: list[NDArray[np.int16]] = []
        self.said: list[NDArray[np.int16]] = []

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Play the whole scene."""
        self.open(_Voice(pcm))
        while self.step():
            pass
        self.close()

    def exchange(self, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        out = super().exchange(heard)
        self.heard.append(heard.copy())
        self.said.append(out.copy())
        return out

    def hear(self, heard: NDArray[np.int16]) -> None:
        super().hear(heard)
        self.heard.append(heard.copy())
        self.said.append(np.zeros_like(heard))

    def skip(self, frames: int) -> None:
        super().skip(frames)
        self.heard.append(np.zeros(frames, np.int16))
        self.said.append(np.zeros(frames, np.int16))


class _Voice:
    """Says something, and goes on from where it was whatever the card misses."""

    def __init__(self, pcm: NDArray[np.int16]) -> None:
        self._rest = pcm

    def render(self, out: NDArray[np.int16], position: int) -> None:  # noqa: ARG002 - a card's source
        """Say the next block."""
        part, self._rest = self._rest[: len(out)], self._rest[len(out) :]
        out[: len(part)] = part
        out[len(part) :] = 0

    def skip(self, frames: int) -> None:
        """Wait."""
