"""Who said what in a GPT-Live session, from fragments that nobody ever calls complete."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.conversation.engine import EngineEvent, SpeechStarted, SpeechStopped, Words

if TYPE_CHECKING:
    from device.wire.live import Fragment

GAP_MS: Final = 800
"""Fragments farther apart, on the session's clock, are of two turns; so livekit-plugins-openai 1.8.9 and others."""
REMEMBERED: Final = 16
"""Turns of which the text is remembered. A choice: a delegation concerns the last of them."""


class _Turn(Struct):
    """What one side said in one go."""

    item: str
    text: str = ""
    end_ms: float = 0.0
    """By the server's times."""
    came_ms: float = 0.0
    """When the last of it came, on our count of the session's clock."""


class Transcript:
    """Gathers fragments into turns. The session's clock, `at_ms`, is what has come of the audio."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._user: _Turn | None = None
        self._model: _Turn | None = None
        self._last_item = ""  # said last, and over
        self._last_end_ms = 0.0
        self._texts: dict[str, str] = {}
        self._asked: deque[str] = deque(maxlen=REMEMBERED)  # what the user said since the last piece of work

    def text(self, item: str) -> str:
        """Return what was said in an item of the model's, as far as it is known."""
        return self._texts.get(item, "")

    def request(self) -> str:
        """Return what the user said since this was last asked; what was said last if that is nothing."""
        now = [self._user.text] if self._user is not None else []
        said = [text for text in [*self._asked, *now] if text.strip()]
        while len(self._asked) > 1:
            self._asked.popleft()
        return " ".join(" ".join(said).split())

    def user(self, fragment: Fragment, at_ms: float) -> list[EngineEvent]:
        """Take what the user said."""
        events: list[EngineEvent] = []
        turn = self._user
        if turn is not None and fragment.start_ms - turn.end_ms > GAP_MS:
            events += self._end_user()
            turn = None
        if turn is None:
            if not fragment.delta.strip():
                return events
            self._count += 1
            turn = self._user = _Turn(f"{self._name}_user_{self._count}")
            events.append(SpeechStarted())
        _add(turn, fragment, at_ms)
        return [*events, Words("user", fragment.delta, final=False, item=turn.item)]

    def model(self, fragment: Fragment, at_ms: float, *, item: str, next_item: str) -> list[EngineEvent]:
        """Take what the model said: of `item` if it is speaking, else of what it said last or will say next."""
        turn = self._model
        events: list[EngineEvent] = []
        if not item:
            goes_on = bool(self._last_item) and fragment.start_ms - self._last_end_ms <= GAP_MS
            item = turn.item if turn is not None else self._last_item if goes_on else next_item
        if turn is not None and turn.item != item:
            events += self._end_model()
            turn = None
        if turn is None:
            turn = self._model = _Turn(item)
        _add(turn, fragment, at_ms)
        self._remember(item, fragment.delta)
        return [*events, Words("assistant", fragment.delta, final=False, item=item)]

    def end_item(self, item: str) -> list[EngineEvent]:
        """End an item: the model is done with it."""
        if self._model is not None and self._model.item == item:
            self._last_end_ms = self._model.end_ms
            self._last_item = item
            return self._end_model()
        return []

    def forget_model(self) -> None:
        """Drop what the model is saying: it was cut off."""
        self._model = None
        self._last_item = ""

    def tick(self, at_ms: float, *, speaking: bool) -> list[EngineEvent]:
        """Let time pass; `speaking` if the model does."""
        events: list[EngineEvent] = []
        if self._user is not None and at_ms - self._user.came_ms >= GAP_MS:
            events += self._end_user()
        if self._model is not None and not speaking and at_ms - self._model.came_ms >= GAP_MS:
            events += self._end_model()
        return events

    def stop(self) -> list[EngineEvent]:
        """End all that is being said: nothing more will come."""
        return self._end_user() + self._end_model()

    def _end_user(self) -> list[EngineEvent]:
        turn, self._user = self._user, None
        if turn is None:
            return []
        self._asked.append(turn.text)
        return [SpeechStopped(), Words("user", turn.text.strip(), final=True, item=turn.item)]

    def _end_model(self) -> list[EngineEvent]:
        turn, self._model = self._model, None
        if turn is None or not turn.text.strip():
            return []
        return [Words("assistant", turn.text.strip(), final=True, item=turn.item)]

    def _remember(self, item: str, text: str) -> None:
        self._texts[item] = self._texts.get(item, "") + text
        while len(self._texts) > REMEMBERED:
            del self._texts[next(iter(self._texts))]


def _add(turn: _Turn, fragment: Fragment, at_ms: float) -> None:
    turn.text += fragment.delta
    turn.end_ms = max(turn.end_ms, fragment.end_ms)
    turn.came_ms = at_ms
