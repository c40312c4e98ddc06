"""The panel: lights that show what the assistant does, and buttons, switches and knobs that tell it what to do.

What hangs on pins runs on threads of gpiozero's; all that it means is done on the event loop. The lights have a thread
of their own, so that a slow bus keeps nobody waiting. A part that cannot be used is told of once, with its fix, and
the assistant goes on without it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from device.panel.button import Contact, Gesture, Gestures
from device.panel.gpio import PanelFault, chips, choose, claim, open_lines
from device.panel.leds import open_leds
from device.panel.meters import Shown
from device.panel.painter import Painter
from device.settings.panel import used_pins, wrong_pins

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.settings.panel import PanelSettings

    Part = TypeVar("Part")

_log = logging.getLogger(__name__)

GAP_S = 0.04
"""Between frames, at least: 25 a second, from which on the eye takes them for a movement. The bus and a core have less
to do the fewer there are."""
GLITCH_S = 0.001
"""A shorter pulse on the button's line is none: its cable has caught it. More would be added to the 60 ms in
which the button silences a reply."""
REST_S = 0.1
"""How often the lights ask whether sound leaves, while they rest: the light that says so comes on so much late at
most."""


class Assistant(Shown, Protocol):
    """What the panel shows, asked from the lights' thread, and whom it tells, on the event loop's."""

    def gesture(self, gesture: Gesture) -> None:
        """Do what the button means."""

    def switch(self, *, closed: bool) -> None:
        """Know how the mute switch stands."""

    def turn(self, steps: int) -> None:
        """Make it louder by so many steps, or softer."""


class Panel:
    """All that the settings name, on the lines of `factory`: gpiozero's, or by default those of the machine."""

    def __init__(self, settings: PanelSettings, assistant: Assistant, factory: Any = None) -> None:
        self._settings = settings
        self._assistant = assistant
        self._factory = factory
        self._own = factory is None
        self._loop = asyncio.get_running_loop()
        self._contact = Contact(settings.debounce_ms / 1000)
        self._gestures = Gestures()
        self._timer: asyncio.TimerHandle | None = None
        self._inputs: list[Any] = []
        self._thread: threading.Thread | None = None
        self._news = threading.Event()
        self._over = threading.Event()
        self.faults: list[PanelFault] = []
        self._trial: tuple[str, float] = ("", 0.0)

    def open(self) -> list[PanelFault]:
        """Take the pins and begin; return what cannot be used, which has been logged, too."""
        settings = self._settings
        if not (used_pins(settings) or settings.leds != "none"):
            _log.debug("No lights and no buttons are set: see [panel]")
            return []
        try:
            self._check()
            self._open_lines()
        except PanelFault as fault:
            self._tell(fault)
            return self.faults
        if self._factory is not None:
            self._open_inputs()
        self._open_lights()
        return self.faults

    @property
    def has_lines(self) -> bool:
        """Whether there are GPIO lines, and they were opened."""
        return self._factory is not None

    @property
    def asking(self) -> bool:
        """Whether a factory reset waits for its confirmation."""
        return self._gestures.asking

    @property
    def has_lights(self) -> bool:
        """Whether there are LEDs, and they were opened."""
        return self._thread is not None

    def show(self, scene: str, seconds: float) -> None:
        """Show what a scene of the lights looks like, for so long, unless there is anything else to be shown."""
        self._trial = scene, time.monotonic() + seconds
        self.attend()

    def _tried(self, t: float) -> str:
        scene, until = self._trial
        return scene if t < until else ""

    def attend(self) -> None:
        """Look at the assistant at once; from any thread."""
        self._news.set()

    def close(self) -> None:
        """Go dark and let go of everything; harmless when repeated."""
        self._over.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(timeout=1)
        if self._timer is not None:
            self._timer.cancel()
        for part in self._inputs:
            part.close()
        self._inputs.clear()
        if self._own and self._factory is not None:
            self._factory.close()
            self._factory = None

    def _check(self) -> None:
        if wrong := "; ".join(wrong_pins(self._settings)):
            raise PanelFault(wrong, "correct [panel] in the settings")

    def _open_lines(self) -> None:
        """Open the GPIO chip; a machine without one is no fault, but one line of the log."""
        if self._factory is not None or not used_pins(self._settings):
            return
        chip = choose(chips(), self._settings.chip)
        if chip is None:
            _log.debug("There is no GPIO here: no lights, no buttons")
        else:
            self._factory = open_lines(chip)

    def _open_lights(self) -> None:
        settings = self._settings
        leds = lamp = None
        if settings.leds in ("apa102", "ws2812") or self._factory is not None:
            leds = self._try(lambda: open_leds(settings, self._factory))
        if settings.streaming_pin >= 0 and self._factory is not None:
            lamp = self._try(self._streaming_lamp)
        if leds is None and lamp is None:
            return
        painter = Painter(self._assistant, lambda: self.asking, leds, lamp, self._tried)
        self._thread = threading.Thread(target=self._paint, args=(painter,), name="lights", daemon=True)
        self._thread.start()

    def _streaming_lamp(self) -> Any:
        from gpiozero import LED  # noqa: PLC0415 - takes a while, and most machines have no lights

        pin, high = self._settings.streaming_pin, self._settings.active == "high"
        return claim(
            "streaming_pin", pin, self._factory, partial(LED, pin, active_high=high, pin_factory=self._factory)
        )

    def _open_inputs(self) -> None:
        settings = self._settings
        bounce = settings.debounce_ms / 1000
        if settings.button_pin >= 0 and (button := self._input("button_pin", min(bounce, GLITCH_S))):
            button.when_activated = lambda: self._post(self._edge, time.monotonic(), True)  # noqa: FBT003
            button.when_deactivated = lambda: self._post(self._edge, time.monotonic(), False)  # noqa: FBT003
        if settings.mute_pin >= 0 and (switch := self._input("mute_pin", bounce)):

            def read_switch() -> None:
                self._assistant.switch(closed=switch.is_active)

            switch.when_activated = switch.when_deactivated = lambda: self._post(read_switch)
            read_switch()
        if settings.volume == "buttons":
            for key, steps in (("volume_up_pin", 1), ("volume_down_pin", -1)):
                if knob := self._input(key, bounce):
                    knob.when_activated = lambda steps=steps: self._post(self._assistant.turn, steps)
        elif settings.volume == "encoder" and (encoder := self._try(self._encoder)):
            encoder.when_rotated_clockwise = lambda: self._post(self._assistant.turn, 1)
            encoder.when_rotated_counter_clockwise = lambda: self._post(self._assistant.turn, -1)

    def _input(self, key: str, bounce_s: float) -> Any:
        """Return what is on a pin whose level counts once it is still for so long, None if it cannot be used."""
        from gpiozero import DigitalInputDevice  # noqa: PLC0415 - takes a while, and most machines have no buttons

        pin = getattr(self._settings, key)
        low = self._settings.closed == "low"
        make = partial(DigitalInputDevice, pin, pull_up=low, bounce_time=bounce_s or None, pin_factory=self._factory)
        part = self._try(lambda: claim(key, pin, self._factory, make))
        if part is not None:
            self._inputs.append(part)
        return part

    def _encoder(self) -> Any:
        from gpiozero import RotaryEncoder  # noqa: PLC0415 - takes a while, and most machines have no knobs

        one, other = self._settings.volume_up_pin, self._settings.volume_down_pin
        make = partial(RotaryEncoder, one, other, max_steps=0, pin_factory=self._factory)
        encoder = claim("volume_up_pin", one, self._factory, make)
        self._inputs.append(encoder)
        return encoder

    def _try(self, make: Callable[[], Part]) -> Part | None:
        try:
            return make()
        except PanelFault as fault:
            self._tell(fault)
            return None

    def _tell(self, fault: PanelFault) -> None:
        self.faults.append(fault)
        _log.warning("%s", fault)

    # The event loop's thread

    def _post(self, what: Callable[..., None], *args: Any) -> None:
        """Have `what` done on the event loop; from any thread."""
        if not (self._loop.is_closed() or self._over.is_set()):
            self._loop.call_soon_threadsafe(what, *args)

    def _edge(self, t: float, down: bool) -> None:  # noqa: FBT001 - passed on by position
        self._mean(self._contact.edge(t, down=down))

    def _mean(self, edges: list[tuple[float, bool]]) -> None:
        """Do what edges mean that count, and wait for what time alone will mean."""
        told = [gesture for t, down in edges for gesture in self._gestures.edge(t, down=down)]
        for gesture in told:
            self._assistant.gesture(gesture)
        if self._timer is not None:
            self._timer.cancel()
        # As long as the button may have been let go, it is not held either.
        due = self._gestures.due if self._contact.due is None else self._contact.due
        self._timer = None if due is None else self._loop.call_later(due - time.monotonic(), self._wait_over)
        self.attend()

    def _wait_over(self) -> None:
        now = time.monotonic()
        if self._contact.due is None:
            for gesture in self._gestures.tick(now):
                self._assistant.gesture(gesture)
        self._mean(self._contact.tick(now))

    # The lights' thread

    def _paint(self, painter: Painter) -> None:
        try:
            while not self._over.is_set():
                self._news.clear()
                moves = painter.paint(time.monotonic())
                if not self._over.wait(GAP_S) and not moves:
                    self._news.wait(REST_S - GAP_S)
        except Exception as error:  # noqa: BLE001 - gpiozero's and lgpio's, whose only common ground is this
            _log.warning("The lights went out: %s; check their wiring, then start again", error)
        finally:
            painter.close()
