"""The painter: what the assistant does, brought to the LEDs from moment to moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from device.panel import lights
from device.panel.meters import LEAK_S, LevelMeter, StreamingMeter

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Card
    from device.conversation.states import State
    from device.panel.leds import Leds


class Shown(Protocol):
    """What the lights show, asked from their thread."""

    @property
    def state(self) -> State:
        """Whose turn it is."""

    @property
    def sent(self) -> int:
        """How much sound of the microphone has left so far, in any unit."""

    @property
    def ringing(self) -> bool:
        """Whether a timer rings."""

    @property
    def closed(self) -> bool:
        """Whether it waits for the wake word or the button in mid-conversation."""

    @property
    def updating(self) -> bool:
        """Whether an update is under way."""

    @property
    def card(self) -> Card:
        """The sound card."""


class Painter:
    """Brings what the assistant does to `leds`, and whether sound leaves to `streaming`, an LED of gpiozero's, if any.

    `asking` is whether a factory reset waits for its confirmation.
    """

    def __init__(self, assistant: Shown, asking: Callable[[], bool], leds: Leds | None, streaming: Any) -> None:
        self._assistant = assistant
        self._asking = asking
        self._leds = leds
        self._lamp = streaming
        self._streaming = StreamingMeter()
        self._level = LevelMeter(assistant.card)
        self._scene = ""
        self._since = 0.0
        self._talked = -LEAK_S  # when something was last allowed to leave
        self._shown: lights.Frame | None = None
        self._lit: bool | None = None

    def paint(self, t: float) -> bool:
        """Show what there is to show at the time `t`, in seconds; return whether that moves. Raises OSError."""
        status = self._status(t)
        if self._lamp is not None and status.streaming is not self._lit:
            self._lit = status.streaming
            self._lamp.value = status.streaming
        if self._leds is None:
            return False
        scene = lights.scene(status)
        if scene != self._scene:
            self._scene, self._since = scene, t
        level = self._level.read(t) if scene == "speaking" else 0.0
        frame = lights.frame(status, t - self._since, level, self._leds.count, coloured=self._leds.coloured)
        if frame != self._shown:
            self._leds.show(frame)
            self._shown = frame
        return not lights.still(status, coloured=self._leds.coloured)

    def _status(self, t: float) -> lights.Status:
        state = self._assistant.state
        if state not in lights.SILENT:
            self._talked = t
        streaming = self._streaming.read(self._assistant.sent, t)
        return lights.Status(
            state,
            streaming=streaming,
            leak=streaming and state in lights.SILENT and t - self._talked > LEAK_S,
            ringing=self._assistant.ringing,
            updating=self._assistant.updating,
            closed=self._assistant.closed,
            asking=self._asking(),
        )

    def close(self) -> None:
        """Go dark."""
        for part in (self._leds, self._lamp):
            if part is not None:
                part.close()
