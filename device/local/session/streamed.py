"""The user's side of a session where the recogniser finds the turns itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from device.local.session.hearing import MAX_IDLE, Hearing
from device.local.session.listening import committed
from device.local.session.user_turns import UserTurns
from device.local.stages import StageError, TurnBegan, TurnEnded, TurnLost, TurnPaused, TurnResumed
from device.sample_clock import samples
from device.wire.errors import WireError
from device.wire.realtime import ErrorEvent, InputAudioBufferCleared
from device.wire.realtime_items import ErrorDetail

if TYPE_CHECKING:
    from device.local.session.dialogue import Dialogue
    from device.local.stages import TurnEvent, TurnLine, TurnRecogniser

LATE: Final = samples(500)
"""How long after its beginning a turn is told of, about: there are no positions in what the recogniser tells.

It shifts only where the client sees the turn begin; the recogniser has heard all of it.
"""


class Streamed:
    """Hears the user by a stream, which tells the turns; as `Listening`. Any kind of turn detection means the stream's.

    Without turn detection nothing is streamed, and what is committed is written down by itself.
    """

    def __init__(self, dialogue: Dialogue, recogniser: TurnRecogniser) -> None:
        self._dialogue = dialogue
        self._recogniser = recogniser
        self._hearing = Hearing(dialogue.cascade.stages.vad(), dialogue.cascade.detect_voice)
        self._turns = UserTurns(dialogue, self._hearing, lambda: self._start is not None)
        self.responses = self._turns.responses
        self._line: TurnLine | None = None
        self._start: int | None = None
        """Where the turn began that is being spoken."""
        self._eager_text = ""
        """What the turn said when it paused last."""
        self.configure()

    def configure(self) -> None:
        """Go by the session's present settings."""
        config = self._dialogue.config
        self._hearing.configure(config.input_format, None)
        if not (config.detection and config.detection.idle_timeout_ms):
            self._turns.stop_idle_timeout()
        if config.detection and not self._line:
            self._line = self._recogniser.listen(self._on)
        elif not config.detection:
            self._hang_up()

    async def append(self, data: bytes) -> None:
        """Take audio. Raises `WireError`."""
        hearing = self._hearing
        before = hearing.end
        try:
            async for _ in hearing.append(data):
                pass
        except ValueError as error:
            raise WireError(f"Invalid 'audio': {error}.", code="invalid_value", param="audio") from error
        if self._line:
            self._line.hear(hearing.take(before, hearing.end))
            if self._start is None:
                hearing.drop(hearing.end - MAX_IDLE)

    def commit(self) -> None:
        """Make what was appended a turn. Raises `WireError` if that is next to nothing."""
        pcm = committed(self._hearing)
        self._turns.commit(len(pcm), self._dialogue.transcribe(pcm))
        self._again()

    def clear(self) -> None:
        """Forget what was appended."""
        self.responses.drop_speculation()
        self._again()
        self._dialogue.send(InputAudioBufferCleared())

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks, as far as is known."""
        return self._start is not None

    def close(self) -> None:
        """Give up all work."""
        self._turns.close()
        self._hang_up()

    def _again(self) -> None:
        """Begin with a fresh stream: what was said must not come again."""
        self._hearing.clear()
        if self._start is not None:
            self._hang_up()
            self.configure()

    def _hang_up(self) -> None:
        self.responses.drop_speculation()
        self._start = None
        if self._line:
            # Not by the dialogue, which ends its tasks together with the session.
            closing = asyncio.ensure_future(self._line.close())
            _CLOSING.add(closing)
            closing.add_done_callback(_CLOSING.discard)
            self._line = None

    def _on(self, event: TurnEvent) -> None:
        detection = self._dialogue.config.detection
        if not detection:
            return
        hearing, turns = self._hearing, self._turns
        if self._start is None and isinstance(event, TurnBegan | TurnPaused | TurnEnded):
            self._start = max(hearing.start, hearing.end - LATE)
            turns.start(self._start, detection)
        match event:
            case TurnPaused(text) if text:
                self._eager_text = text
                turns.speculate(_known(text))
            case TurnResumed():
                self.responses.drop_speculation()
            case TurnEnded(text) if self._start is not None:
                if text == self._eager_text:
                    self.responses.confirm_speculation()
                else:
                    self.responses.drop_speculation()
                start, self._start = self._start, None
                turns.stop(hearing.end, hearing.end - start, _known(text), detection)
                hearing.drop(hearing.end)
            case TurnLost(error):
                self._lose(str(error))

    def _lose(self, message: str) -> None:
        """Tell the client that what is being said is not heard."""
        detection = self._dialogue.config.detection
        self.responses.drop_speculation()
        if self._start is not None and detection:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            lost.set_exception(StageError(message))
            start, self._start = self._start, None
            self._turns.stop(self._hearing.end, self._hearing.end - start, lost, detection)
            self._hearing.drop(self._hearing.end)
        else:
            fault = ErrorDetail(type="server_error", code="recogniser_unavailable", message=message)
            self._dialogue.send(ErrorEvent(error=fault))


_CLOSING: set[asyncio.Future[None]] = set()
"""Streams on their way out."""


def _known(text: str) -> asyncio.Future[str]:
    known: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    known.set_result(text)
    return known
