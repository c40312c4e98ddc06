"""A scripted engine with ears: it finds the ends of turns by loudness, keeps what it was sent, and replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.ears import Ears

from device.listen.endpointer import Onset
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.simulation.timed_engine import speech
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item, TranscriptionUsage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Listener(ScriptedRealtime):
    """The server. `turns` counts the turns that it heard; `deaf`, it does not reply to them."""

    def __init__(self, *replies: Reply, transcript: str | None = "words", silence_ms: int = 500, **more: Any) -> None:
        super().__init__(replies or (spoken(2.0),), transcript=transcript, **more)
        self.silence_ms = silence_ms
        self.ears: list[Ears] = []
        self._of: dict[Connection, Ears] = {}
        self.turns = 0
        self.deaf = False
        self.said: list[wire.ServerEvent] = []
        self.on_send = self.said.append
        self.on(wire.InputAudioBufferAppend, self._append)
        self.on(wire.SessionCreated, self.greet)

    @property
    def heard(self) -> NDArray[np.int16]:
        """What the newest client sent, (n,) int16 at 24 kHz."""
        return self.ears[-1].samples

    async def greet(self, connection: Connection, event: wire.SessionCreated) -> None:
        self._of[connection] = ears = Ears(RATE, self.silence_ms)
        self.ears.append(ears)
        await connection.send(event)

    async def _append(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        for found in self._of[connection].take(event.audio):
            if isinstance(found, Onset):
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
            else:
                await self.turn(connection)

    async def turn(self, connection: Connection) -> None:
        """End a turn of the user and reply to it."""
        self.turns += 1
        name = self.new("user")
        await connection.send(wire.InputAudioBufferSpeechStopped(item_id=name))
        await connection.send(wire.InputAudioBufferCommitted(item_id=name))
        content = [Content(type="input_audio", transcript=self.transcript)]
        item = Item(type="message", id=name, object="realtime.item", status="completed", role="user", content=content)
        await connection.send(wire.ConversationItemAdded(item=item))
        await connection.send(wire.ConversationItemDone(item=item))
        if self.transcript is not None:
            usage = TranscriptionUsage(type="duration", seconds=1.0)
            await connection.send(
                wire.ConversationItemInputAudioTranscriptionCompleted(self.transcript, usage, item_id=name)
            )
        if not self.deaf:
            await self.answer(connection)

    async def answer(self, connection: Connection) -> None:
        """Reply to a turn; to be overridden by what a bad engine does."""
        if connection.speaking is None or connection.speaking.done():
            connection.reply(self.next_reply())


def spoken(seconds: float, text: str = "These are words.", *, pace: float = 0.2, delay_s: float = 0.0) -> Reply:
    """Return a reply that is spoken so long, without silence in it."""
    return Reply((Speech(speech(seconds).tobytes(), text),), pace=pace, delay_s=delay_s)


def ongoing(server: Listener) -> dict[str, Any]:
    """Return what places an event in the reply in the making."""
    deltas = [e for e in server.said if isinstance(e, wire.ResponseOutputAudioDelta)]
    last = deltas[-1]
    return {"response_id": last.response_id, "item_id": last.item_id, "output_index": 0, "content_index": 0}
