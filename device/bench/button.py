"""From the edge of the button's line to a loudspeaker that is silent, and what the lights cost."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gpiozero.pins.mock import MockFactory, MockPWMPin
from msgspec import Struct
from msgspec.structs import replace

from device.bench.live import Live, TimedRoom, plain
from device.bench.result import BenchError, Figure, Job, Result, spread
from device.conversation.states import State
from device.daemon.controls import Controls
from device.daemon.watcher import OnState
from device.listen.detectors import Detectors
from device.panel.leds import Strip, apa102
from device.panel.painter import Painter
from device.panel.panel import GAP_S, Panel
from device.settings.panel import PanelSettings
from device.simulation.scene import Acoustics, Scene
from device.simulation.timed_engine import Plan, TimedEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.daemon.daemon import Daemon
    from device.settings.tree import Settings

WHAT = (
    "Presses at random moments of replies in the simulated room, in real time: an edge on a line of gpiozero's mock "
    "factory, from another thread; to the last sample that is not zero as it leaves the loudspeaker. The room's card "
    "has the whole of card.latency_ms as its output latency; the time that a line must be still "
    "(panel.debounce_ms) comes on top. The lights: 12 LEDs that follow a reply, on a bus without wires."
)
AT_MOST_MS = 60.0
"""A choice: the 40 ms that a card is asked for as its buffer, and 20 for all that Parley does."""
LIGHTS_AT_MOST = 1.0
"""% of a core. A choice: they are for show, and what they take is taken from the recogniser."""
BUTTON, LIGHT = 17, 12
"""Lines of the mock factory: any would do."""


class NotingRoom(TimedRoom):
    """A room that knows where each block's sound ended."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.sounds: list[tuple[float, int]] = []
        """Of each block that was not silent: when it was handed over, and how many frames to its last sound."""

    def exchange(self, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        """Note where its sound ends and go on."""
        out = super().exchange(heard)
        if (sounding := np.flatnonzero(out)).size:
            self.sounds.append((self.times[-1], int(sounding[-1]) + 1))
        return out


class Pressed(Live):
    """A daemon with a panel, whose button somebody presses."""

    def __init__(self, room: NotingRoom, settings: Settings, url: str) -> None:
        super().__init__(room, settings, url)
        self.presses: list[float] = []

    async def press(self, daemon: Daemon, count: int) -> None:
        """Press so often, while a reply plays each time; then end the scene."""
        factory = MockFactory(pin_class=MockPWMPin)
        panel = Panel(
            PanelSettings(leds="led", led_pin=LIGHT, button_pin=BUTTON),
            Controls(daemon, mark=Path("/nonexistent")),
            factory,
        )
        panel.open()
        daemon.watch(OnState(panel.attend))
        pin = factory.pin(BUTTON)
        chance = random.Random(1)  # noqa: S311 - the same moments each time
        try:
            for _ in range(count):
                while daemon.conversation.state is not State.SPEAKING:  # noqa: ASYNC110 - a bench may look
                    await asyncio.sleep(0.02)
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                self.presses.append(await asyncio.to_thread(_edge, pin))
                await asyncio.sleep(0.6)
                await asyncio.to_thread(pin.drive_high)
        finally:
            panel.close()
            factory.reset()
            self.room.close()


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ClipError, ModelError or SceneError."""
    count = 10 if job.quick else 60
    settings = plain(job.settings)
    settings = replace(settings, barge_in=replace(settings.barge_in, decide="off"))
    job.say(f"{count} presses")
    # The loudspeaker lies behind the buffer that a card is asked for.
    acoustics = Acoustics(latency_ms=job.settings.card.latency_ms)
    room = NotingRoom(Scene(name="button", seconds=20.0 + 6 * count, room=acoustics))
    detectors = Detectors.load(settings.wake, settings.models_dir)
    with TimedEngine(Plan(every_s=0.8, reply_s=4.0)) as engine:
        live = Pressed(room, settings, engine.url)
        asyncio.run(live.play(detectors, lambda daemon: live.press(daemon, count)))
    if len(live.presses) < count:
        raise BenchError(f"only {len(live.presses)} replies were begun that could be interrupted")
    latency_s = room.output_latency / room.rate
    took = [1000 * (silent_at(room, press) + latency_s - press) for press in live.presses]
    return Result(
        "button",
        WHAT,
        (
            *spread(f"{count} presses, edge → silence", took, "ms", p95=AT_MOST_MS),
            Figure("of it the room's output latency", 1000 * latency_s, "ms"),
            Figure(
                "lights that follow a reply", 100 * lights(5.0 if job.quick else 20.0), "% of a core", LIGHTS_AT_MOST
            ),
        ),
    )


def silent_at(room: NotingRoom, press: float) -> float:
    """Return when the last sound of the reply was handed over that plays at `press`."""
    end = press
    for at, frames in room.sounds:
        if at > end + 0.1:
            break
        end = max(end, at + frames / room.rate)
    return end


class _Reply(Struct):
    """An assistant that speaks."""

    card: NotingRoom
    state: State = State.SPEAKING
    sent: int = 0
    ringing: bool = False
    updating: bool = False
    setting_up: bool = False
    digits: str = ""
    closed: bool = False


class _Bus:
    """Takes what a strip is sent."""

    def write(self, data: bytes) -> None:
        """Take it."""

    def close(self) -> None:
        """Be done."""


def lights(seconds: float) -> float:
    """Return the CPU that a moving frame after the other takes, in seconds a second."""
    room = NotingRoom(Scene(name="lights", seconds=1.0))
    noise = np.random.default_rng(1).integers(-8000, 8000, room.rate // 25, np.int16)
    painter = Painter(_Reply(room), lambda: False, Strip(12, _Bus(), lambda c: apa102(c, 0.3)), None)
    spent = 0.0
    for n in range(round(seconds / GAP_S)):
        room.reference.write(noise // (1 + n % 7))
        time.sleep(GAP_S / 4)  # a processor that has slept takes longer for the same work
        before = time.thread_time()
        painter.paint(n * GAP_S)
        spent += time.thread_time() - before
    return spent / seconds


def _edge(pin: MockPWMPin) -> float:
    """Close the button; return when."""
    now = time.monotonic()
    pin.drive_low()
    return now
