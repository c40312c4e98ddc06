"""The painter: what the assistant does, brought to the LEDs from moment to moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.panel import lights
from device.panel.meters import LevelMeter, StatusMeter

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.panel.leds import Leds
    from device.panel.meters import Shown


class Painter:
    """Brings what the assistant does to `leds`, and whether sound leaves to `streaming`, an LED of gpiozero's, if any.

    `asking` is whether a factory reset waits for its confirmation. `trial` is the scene that is to be shown at a time
    only to be looked at, "" for none: it waits for everything else.
    """

    def __init__(
        self,
        assistant: Shown,
        asking: Callable[[], bool],
        leds: Leds | None,
        streaming: Any,
        trial: Callable[[float], str] = lambda _: "",
    ) -> None:
        self._trial = trial
        self._status = StatusMeter(assistant, asking)
        self._leds = leds
        self._lamp = streaming
        self._level = LevelMeter(assistant.card)
        self._scene = ""
        self._since = 0.0
        self._shown: lights.Frame | None = None
        self._lit: bool | None = None

    def paint(self, t: float) -> bool:
        """Show what there is to show at the time `t`, in seconds; return whether that moves. Raises OSError."""
        status = self._status.read(t)
        if self._lamp is not None and status.streaming is not self._lit:
            self._lit = status.streaming
            self._lamp.value = status.streaming
        if self._leds is None:
            return False
        scene = lights.scene(status)
        tried = self._trial(t) if lights.idle(status) else ""
        if (tried or scene) != self._scene:
            self._scene, self._since = tried or scene, t
        count, coloured = self._leds.count, self._leds.coloured
        if tried:
            frame = lights.sample(tried, t - self._since, count, coloured=coloured)
        else:
            level = self._level.read(t) if scene == "speaking" else 0.0
            frame = lights.frame(status, t - self._since, level, count, coloured=coloured)
        if frame != self._shown:
            self._leds.show(frame)
            self._shown = frame
        return bool(tried) or not lights.still(status, coloured=coloured)

    def close(self) -> None:
        """Go dark."""
        for part in (self._leds, self._lamp):
            if part is not None:
                part.close()
