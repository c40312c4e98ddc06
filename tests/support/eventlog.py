"""Logs of whole conversations with an engine: written beside a session, replayed against the pure machine.

A log is JSON lines, in order: `{"server": EVENT}` is what the server sent, `{"client": MESSAGE}` what was sent to it,
`{"call": NAME, "with": ARGUMENTS}` what the conversation asked of the session. Audio is kept as its length only:
`{"$bytes": N}` in place of base64.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field, to_builtins

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyEnded, ToolCall, Words
from device.conversation.events import Heard
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire

if TYPE_CHECKING:
    from pathlib import Path

    from device.engines.realtime.session import RealtimeSession

CALLS = ("commit", "discard", "interrupt", "say", "tool_result")
MICROPHONE = "input_audio_buffer.append"


class Recorder:
    """Notes what passes a session from now on; `write` puts it into a file."""

    def __init__(self, session: RealtimeSession) -> None:
        self.lines: list[dict[str, Any]] = []
        receive, send = session.receive, session.send

        def receiving(data: str | bytes) -> None:
            self.lines.append({"server": _without_audio(json.loads(data))})
            receive(data)

        def sending(message: str | bytes) -> None:
            event = json.loads(message)
            if event["type"] != MICROPHONE:
                self.lines.append({"client": _without_audio(event)})
            send(message)

        for name, instead in (("receive", receiving), ("send", sending)):
            setattr(session, name, instead)
        for name in CALLS:
            setattr(session, name, self._noting(name, getattr(session, name)))

    def _noting(self, name: str, call: Any) -> Any:
        async def noted(*arguments: Any, **named: Any) -> None:
            self.lines.append({"call": name, "with": [to_builtins(arguments), named]})
            await call(*arguments, **named)

        return noted

    def write(self, path: Path) -> None:
        path.write_text("".join(f"{json.dumps(line)}\n" for line in self.lines))


class Replayed(Struct):
    """What a log came to."""

    events: list[EngineEvent] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    """What the machine would have sent, as JSON objects."""
    recorded: list[dict[str, Any]] = field(default_factory=list)
    """What was sent then."""

    def words(self, role: str) -> list[str]:
        """Return what was said, each item whole."""
        return [one.text for one in self.of(Words) if one.role == role and one.final]

    def audio_ms(self) -> dict[str, float]:
        """Return the length of each item's audio."""
        lengths: dict[str, float] = {}
        for one in self.of(Audio):
            lengths[one.item] = lengths.get(one.item, 0.0) + len(one.pcm) / 48
        return lengths

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def check(self) -> None:
        """Check what is true of every conversation."""
        done = [one.item for one in self.of(AudioDone)]
        assert len(done) == len(set(done))
        assert set(done) <= set(self.audio_ms())
        ended = [one.reply for one in self.of(ReplyEnded)]
        assert len(ended) == len(set(ended))
        calls = [one.call_id for one in self.of(ToolCall)]
        assert len(calls) == len(set(calls))


def replay(path: Path) -> Replayed:
    """Play a log to the machine, and return what it makes of it."""
    machine, result = Responses(24_000), Replayed()
    for line in path.read_text().splitlines():
        match json.loads(line):
            case {"server": event}:
                decoded = wire.decode_server(json.dumps(_with_audio(event)))
                if isinstance(decoded, wire.ErrorEvent):
                    events = machine.refused(decoded.error)
                else:
                    events = machine.receive(decoded)
                result.events += [one for one in events if not machine.stale(one)]
            case {"call": name, "with": [arguments, named]}:
                if name == "interrupt":
                    arguments = [[Heard(**one) for one in arguments[0]]]
                getattr(machine, name)(*arguments, **named)
            case {"client": message}:
                result.recorded.append(message)
        result.sent += [json.loads(wire.encode(message)) for message in machine.drain()]
    return result


def _without_audio(event: Any) -> Any:
    """Return an event with the length of its audio in place of it."""
    if event["type"] == "response.output_audio.delta":
        return event | {"delta": {"$bytes": len(base64.b64decode(event["delta"]))}}
    return event


def _with_audio(event: Any) -> Any:
    if event["type"] == "response.output_audio.delta":
        return event | {"delta": base64.b64encode(bytes(event["delta"]["$bytes"])).decode()}
    return event
