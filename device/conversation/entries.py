"""What the ledger holds of a conversation: a record a kind, whose tag is the name of the event in the ledger's file.

A kind that does not say whether it holds somebody's words cannot be defined: what nobody thought about would end in the
system's log.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from msgspec import Struct, to_builtins

from device.conversation.events import Kind
from device.conversation.states import State
from device.sample_clock import CLOCK_RATE


class Entry(Struct, frozen=True, tag_field="event", omit_defaults=True):
    """Something that happened at `at`, a position on the card's clock."""

    spoken: ClassVar[bool]
    """Whether the kind holds somebody's words, which belong into no log; each kind has to say."""
    at: int

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "spoken" not in vars(cls):
            raise TypeError(f"{cls.__name__} does not say whether it holds somebody's words: set `spoken`")

    @classmethod
    def event(cls) -> str:
        """Return the kind's name in the ledger's file."""
        return str(cls.__struct_config__.tag)

    @property
    def t(self) -> float:
        """Seconds on the card's clock."""
        return round(self.at / CLOCK_RATE, 4)

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the ledger's file; fields that say nothing are left out."""
        fields = to_builtins(self)
        del fields["at"]
        return {"t": self.t, **fields}


# Whose turn it is


class StateEntered(Entry, frozen=True, tag="state"):
    """Whose turn it is has changed."""

    spoken: ClassVar = False
    state: State


class Sleep(Entry, frozen=True, tag="sleep"):
    """The conversation is over."""

    spoken: ClassVar = False
    why: str


# The user


class Wake(Entry, frozen=True, tag="wake"):
    """The wake word was detected."""

    spoken: ClassVar = False
    word: str
    score: float
    """0 to 1."""


class Elsewhere(Entry, frozen=True, tag="elsewhere"):
    """The wake word was detected, and another device in earshot answers."""

    spoken: ClassVar = False
    word: str
    score: float
    """0 to 1."""


class VoiceStart(Entry, frozen=True, tag="voice_start"):
    """A voice began."""

    spoken: ClassVar = False


class VoiceEnd(Entry, frozen=True, tag="voice_end"):
    """A voice ended."""

    spoken: ClassVar = False
    voiced_ms: int


class User(Entry, frozen=True, tag="user"):
    """The engine understood what the user said; "" if that was nothing."""

    spoken: ClassVar = True
    text: str


class Repeat(Entry, frozen=True, tag="repeat"):
    """The last reply is to be played again, as `item`."""

    spoken: ClassVar = False
    item: str


class Announcement(Entry, frozen=True, tag="announcement"):
    """What the device was asked to say as `item` was heard, was interrupted, or found no moment to be said in."""

    spoken: ClassVar = False
    item: str
    how: Literal["whole", "cut", "late"]


# A voice over a reply


class Duck(Entry, frozen=True, tag="duck"):
    """The reply was lowered."""

    spoken: ClassVar = False


class Hold(Entry, frozen=True, tag="hold"):
    """The reply, lowered already, is silent and waits."""

    spoken: ClassVar = False


class Restore(Entry, frozen=True, tag="restore"):
    """The reply was brought back up."""

    spoken: ClassVar = False
    why: str = ""


class Cut(Entry, frozen=True, tag="cut"):
    """The reply was cut off."""

    spoken: ClassVar = False
    why: str = ""


class Overheard(Entry, frozen=True, tag="overheard"):
    """The recogniser heard `ms` of a voice over the reply."""

    spoken: ClassVar = True
    kind: Kind
    text: str
    ms: int


# The reply


class ReplyStart(Entry, frozen=True, tag="reply_start"):
    """The engine began a reply."""

    spoken: ClassVar = False
    reply: str


class ReplyReceived(Entry, frozen=True, tag="reply_received"):
    """The first audio of an item came from the engine."""

    spoken: ClassVar = False
    item: str


class ReplyFirstAudio(Entry, frozen=True, tag="reply_first_audio"):
    """An item's first sample left the loudspeaker."""

    spoken: ClassVar = False
    item: str


class Starved(Entry, frozen=True, tag="starved"):
    """An item ran dry before its end."""

    spoken: ClassVar = False
    item: str


class ReplyLastAudio(Entry, frozen=True, tag="reply_last_audio"):
    """An item was played to its end; `ms` of it were heard."""

    spoken: ClassVar = False
    item: str
    ms: int


class Truncate(Entry, frozen=True, tag="truncate"):
    """An item was cut off after `ms`; the engine is told so."""

    spoken: ClassVar = False
    item: str
    ms: int
    whole: bool


class Silence(Entry, frozen=True, tag="silence"):
    """The reply that was cut off is silent."""

    spoken: ClassVar = False


class Assistant(Entry, frozen=True, tag="assistant"):
    """What an item says, whether it will be heard or not."""

    spoken: ClassVar = True
    item: str
    text: str


class Heard(Entry, frozen=True, tag="heard"):
    """The words of an item that were heard, and those that were not."""

    spoken: ClassVar = True
    item: str
    ms: int
    whole: bool
    text: str
    unheard: str


class ReplyEnd(Entry, frozen=True, tag="reply_end"):
    """The engine is done with a reply; what it cost, as far as it said (see `engine.Usage`)."""

    spoken: ClassVar = False
    reply: str
    status: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    cached_tokens: int | None = None


# Tools


class Tool(Entry, frozen=True, tag="tool"):
    """The engine called a tool; `arguments` are JSON text."""

    spoken: ClassVar = True
    name: str
    arguments: str


class Result(Entry, frozen=True, tag="result"):
    """The engine submitted `result`, JSON text, as what came of the conversation."""

    spoken: ClassVar = True
    result: str
    valid: bool
    faults: list[str]


class Working(Entry, frozen=True, tag="working"):
    """The engine works on something beside the talk, or is done with it."""

    spoken: ClassVar = False
    on: bool


# The engine


class EngineSpeechStarted(Entry, frozen=True, tag="engine_speech_started"):
    """The engine heard the user begin to speak."""

    spoken: ClassVar = False


class EngineSpeechStopped(Entry, frozen=True, tag="engine_speech_stopped"):
    """The engine heard the user's turn end."""

    spoken: ClassVar = False


class EngineError(Entry, frozen=True, tag="engine_error"):
    """Something went wrong with the engine."""

    spoken: ClassVar = False
    code: str
    message: str
    retry: bool | None = None
    """Whether a new session may do better, if the session is over."""


class EngineUnable(Entry, frozen=True, tag="engine_unable"):
    """An engine cannot be started."""

    spoken: ClassVar = False
    engine: str
    message: str


class SessionOpen(Entry, frozen=True, tag="session_open"):
    """A session with `engine` is open."""

    spoken: ClassVar = False
    engine: str


class SessionPrepare(Entry, frozen=True, tag="session_prepare"):
    """Another session is being opened beside the present one."""

    spoken: ClassVar = False
    engine: str


class SessionUnprepared(Entry, frozen=True, tag="session_unprepared"):
    """It could not be opened."""

    spoken: ClassVar = False
    engine: str
    message: str


class SessionSwitch(Entry, frozen=True, tag="session_switch"):
    """The conversation goes on in it."""

    spoken: ClassVar = False
    engine: str


class EngineExpiring(Entry, frozen=True, tag="engine_expiring"):
    """The engine will end this session in `seconds`."""

    spoken: ClassVar = False
    seconds: float


# The device


class Timer(Entry, frozen=True, tag="timer"):
    """A timer of the user ran out."""

    spoken: ClassVar = True
    name: str


class Alarm(Entry, frozen=True, tag="alarm"):
    """The time of an alarm or a reminder of the user has come."""

    spoken: ClassVar = True
    kind: str
    text: str


class Stop(Entry, frozen=True, tag="stop"):
    """The user told the ringing to stop."""

    spoken: ClassVar = False


class HearsItself(Entry, frozen=True, tag="hears_itself"):
    """The device takes its own voice for somebody's: only the wake word and the button are believed now."""

    spoken: ClassVar = False
    why: str
    """How it knows."""


class HearsOthers(Entry, frozen=True, tag="hears_others"):
    """It no longer does: voices are believed again."""

    spoken: ClassVar = False


class CardLost(Entry, frozen=True, tag="card_lost"):
    """The sound card vanished."""

    spoken: ClassVar = False


class CardBack(Entry, frozen=True, tag="card_back"):
    """The sound card is back."""

    spoken: ClassVar = False
