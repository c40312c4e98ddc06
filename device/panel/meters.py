"""What the lights go by: what the assistant does, whether sound has left, and how loud the loudspeaker is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from device.audio.measure import dbfs
from device.panel.lights import SILENT, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Card
    from device.conversation.states import State

WINDOW_S = 0.2
"""Sound that left longer ago is not leaving any more. Shorter, the light flickers when a piece leaves late; longer, it
shows a microphone as open that is closed."""
LEAK_S = 0.5
"""The last of what left before a state began has long been shown after that: more than twice `WINDOW_S`. A leak is
shown so much late."""
LOUDEST_DBFS = -14.0
QUIETEST_DBFS = -46.0
"""Levels shown as full and as nothing, chosen by eye: speech of -20 dBFS RMS, as the benches play it, comes to 80 %.
Closer together, the lights flicker more; farther apart, they move less."""
LEVEL_MS = 40
"""Of what is played, for its level: as much as passes between two frames of the lights."""
FALL_S = 0.35
"""How long a level takes to fall from full to nothing: longer than a syllable, so that speech does not flicker."""


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
    def setting_up(self) -> bool:
        """Whether the access point is open, by which Wi-Fi is set up."""

    @property
    def digits(self) -> str:
        """A code that the lights tell, if any."""

    @property
    def card(self) -> Card:
        """The sound card."""


class StreamingMeter:
    """Whether sound of the microphone leaves, by a count of what has left; zeros are not in that count."""

    def __init__(self) -> None:
        self._count = 0
        self._left: float | None = None

    def read(self, count: int, t: float) -> bool:
        """Return whether any left in the last moment before `t`, in seconds; `count` is how much did so far."""
        if count != self._count:
            self._count, self._left = count, t
        return self._left is not None and t - self._left < WINDOW_S


class StatusMeter:
    """What there is to show of an assistant from moment to moment; `asking` as in `Status`."""

    def __init__(self, assistant: Shown, asking: Callable[[], bool]) -> None:
        self._assistant = assistant
        self._asking = asking
        self._streaming = StreamingMeter()
        self._talked = -LEAK_S  # when something was last allowed to leave

    def read(self, t: float) -> Status:
        """Return it at the time `t`, in seconds."""
        state = self._assistant.state
        if state not in SILENT:
            self._talked = t
        streaming = self._streaming.read(self._assistant.sent, t)
        return Status(
            state,
            streaming=streaming,
            leak=streaming and state in SILENT and t - self._talked > LEAK_S,
            ringing=self._assistant.ringing,
            updating=self._assistant.updating,
            setting_up=self._assistant.setting_up,
            closed=self._assistant.closed,
            asking=self._asking(),
            digits=self._assistant.digits,
        )


class LevelMeter:
    """How loud the loudspeaker is just now: what the card was given, when it has gone through it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._cursor = card.reference.cursor()
        self._level = 0.0
        self._at = 0.0

    def read(self, t: float) -> float:
        """Return the level at the time `t`, in seconds: 0 to 1, from hardly audible to full."""
        frames = self._card.rate * LEVEL_MS // 1000
        self._cursor.seek(self._card.reference.position - self._card.output_latency - frames)
        level = (dbfs(self._cursor.take(frames)) - QUIETEST_DBFS) / (LOUDEST_DBFS - QUIETEST_DBFS)
        fallen = self._level - (t - self._at) / FALL_S
        self._level, self._at = min(1.0, max(level, fallen, 0.0)), t
        return self._level
