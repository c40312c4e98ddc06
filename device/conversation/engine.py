"""What the conversation asks of a speech-to-speech engine, whoever makes it.

A session is one conversation with an engine. Two families share the contract: *turn* engines send a reply
faster than real time, and the device plays it out and reports what was heard; *stream* engines talk and listen
at once. The conversation asks `Capabilities` which it is; it never asks for a vendor's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from device.conversation.events import Heard


class Capabilities(Struct, frozen=True):
    """What a session can do."""

    family: Literal["turns", "stream"] = "turns"
    truncation: bool = True
    """The engine can be told what was heard."""
    server_vad: bool = True
    """The engine finds the ends of turns by itself; else the device calls `commit`."""
    tools: bool = True
    hear_rate: int = 0
    """Hz of what `hear` takes, where it is not the session's `rate`; 0 if it is."""
    playback: bool = False
    """The engine is to be told what the loudspeaker has played, by `played`, while it plays."""
    continuous: bool = False
    """The engine's clock is the audio that it is sent: while nobody is heard, it must be sent zeros."""
    prompted: bool = True
    """The engine can be asked to speak by `say`, and for an answer by `ask`."""


class Said(Struct, frozen=True):
    """One thing said in a conversation, as history for a new session."""

    role: Literal["user", "assistant"]
    text: str


class ToolSpec(Struct, frozen=True):
    """A function that the engine may call."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON schema of type object."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What the device wants of a session, whatever the engine."""

    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    language: str = "en"
    end_of_turn: Literal["auto", "server", "semantic", "device"] = "auto"
    """Who finds the end of the user's turn, as `listen.end_of_turn` has it; `auto` is what suits the engine best."""
    silence_ms: int = 500
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    interrupts: bool = False
    """Whether the engine cuts its reply off when it hears the user."""
    names: tuple[str, ...] = ()
    """What may be spoken of by name, such as timers that run: only the local engine is told, so that it hears them."""


class Usage(Struct, frozen=True):
    """What the engine says a reply cost; None where it does not say."""

    input_tokens: int | None = None
    """Of all kinds, cached ones too."""
    output_tokens: int | None = None
    seconds: float | None = None
    input_audio_tokens: int | None = None
    """Those of `input_tokens` that were audio."""
    output_audio_tokens: int | None = None
    """Those of `output_tokens` that were audio."""
    cached_tokens: int | None = None
    """Those of `input_tokens` that the engine still had, which cost less."""


class EngineEvent(Struct, frozen=True, tag=True):
    """Something that an engine said."""


class SpeechStarted(EngineEvent, frozen=True):
    """The engine heard the user begin to speak."""


class SpeechStopped(EngineEvent, frozen=True):
    """The engine heard the user's turn end."""


class ReplyStarted(EngineEvent, frozen=True):
    """The engine began a reply."""

    reply: str


class Audio(EngineEvent, frozen=True):
    """A piece of a reply item: s16le mono at the session's rate, whole samples."""

    reply: str
    item: str
    pcm: bytes


class AudioDone(EngineEvent, frozen=True):
    """A reply item's audio is complete."""

    reply: str
    item: str


class Words(EngineEvent, frozen=True):
    """What was said, as text: a piece of it, or all of it when `final`."""

    role: Literal["user", "assistant"]
    text: str
    final: bool
    item: str = ""


class ToolCall(EngineEvent, frozen=True):
    """The engine wants a tool's result for `call_id`."""

    reply: str
    call_id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it: not checked."""


class ToolCancelled(EngineEvent, frozen=True):
    """The engine no longer wants the results of these calls: the user interrupted. What they did stays done."""

    call_ids: tuple[str, ...]


class ReplyEnded(EngineEvent, frozen=True):
    """A reply is complete, or never will be."""

    reply: str
    status: Literal["completed", "cancelled", "failed", "incomplete"]
    usage: Usage = Usage()
    message: str = ""
    """Why, if it failed."""


class Working(EngineEvent, frozen=True):
    """The engine works on something that it was asked for, beside the talk (`on`), or is done with all of it."""

    on: bool


class Expiring(EngineEvent, frozen=True):
    """The engine will end this session in `seconds`."""

    seconds: float


class Opened(EngineEvent, frozen=True):
    """The session that was asked for is open; its audio is at `rate` Hz."""

    rate: int
    capabilities: Capabilities = Capabilities()


class Prepared(EngineEvent, frozen=True):
    """A session beside the present one is open; it is with `engine`, and its audio at `rate` Hz."""

    engine: str
    rate: int
    capabilities: Capabilities = Capabilities()


class Unprepared(EngineEvent, frozen=True):
    """A session beside the present one could not be opened."""

    engine: str
    message: str


class Unable(EngineEvent, frozen=True):
    """`engine` cannot be started, as is known before anybody asks it anything."""

    engine: str
    message: str


class Fault(EngineEvent, frozen=True):
    """The session is over and `hear` goes nowhere.

    With `retry`, a new session may do better; without, nothing will until the user changes what `message` says.
    """

    code: str
    message: str
    retry: bool
    retry_after_s: float = 0.0
    """How long the engine asks to be left alone; 0 if it does not say."""


class EngineSession(Protocol):
    """One conversation with an engine. All methods are for the event loop's thread."""

    rate: int
    """Sample rate of audio in both directions, Hz, but where `capabilities.hear_rate` is another."""
    capabilities: Capabilities
    """What it can do; may change until it is open."""

    async def open(self, history: Sequence[Said]) -> None:
        """Connect, configure and seed with what was said before. Raises `EngineError` if that fails."""

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio: s16le mono at `capabilities.hear_rate`, or `rate` if that is 0."""

    async def commit(self) -> None:
        """Say that the user's turn is over; for engines without turn detection."""

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        """Say that the reply was cut off, and how much of each item was heard.

        A stream engine cannot be made to forget the rest: it is told by text what was not heard, if it takes any.
        """

    async def played(self, heard: Heard) -> None:
        """Say how much of an item the loudspeaker has played so far; for engines with `capabilities.playback`."""

    async def discard(self) -> None:
        """Have the engine forget what it heard of a turn that is not over."""

    async def say(self, text: str, *, tools: bool = True) -> None:
        """Ask the engine to speak about `text` now; without `tools`, it is to call none if that can be helped."""

    async def ask(self, text: str) -> None:
        """Take `text` for what the user says, as a whole turn, and reply; for engines with `capabilities.prompted`."""

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output (JSON text); with `reply`, the engine speaks once all results are in."""

    def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what the engine says, until the session is over; a `Fault` comes last unless `close` was called."""

    async def close(self) -> None:
        """End the session; harmless when repeated."""


class EngineError(Exception):
    """An engine could not be reached or refused the session; carries the `Fault` to report."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault
