"""What is said through the door: requests, replies and events, each a line of JSON whose `type` says which.

A client says `Hello` first and is answered with the daemon's `Hello`, or with an `Error` if they do not speak the same
version. From then on it sends requests, each with an `id` of its own choice, and gets for each one reply with that
`id`, in whatever order they are ready. After `Subscribe` it also gets events: a `Snapshot`, and then whatever changes.

An event says all that there is to say of its kind: the last of each kind is what holds, and none need be kept. Clients
pass over kinds and fields that they do not know, so that a newer daemon may tell more without another `VERSION`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from device.door.base import Event, Message, Reply, Request, RequestId
from device.door.figures import FiguresAre, GetFigures
from device.door.first_steps import AnyStepReply, AnyStepRequest
from device.door.profiles import AnyProfileReply, AnyProfileRequest
from device.door.upkeep import AnyUpkeepReply, AnyUpkeepRequest

__all__ = ("Event", "Message", "Reply", "Request")

VERSION: Final = 1
"""Changes when what was understood before would be misunderstood."""

LONGEST_REQUEST: Final = 65_536
"""Bytes of a line that a client sends. A choice: the longest that means something is instructions to be set."""
LONGEST_REPLY: Final = 4 * 2**20
"""Bytes of a line that the daemon sends. A choice: a page of transcripts, of which each text is cut, is a tenth."""
LONGEST_TEXT: Final = 4_000
"""Characters that are asked at a go: a choice, some pages of a letter."""
LONGEST_SPOKEN: Final = 1_000
"""Characters that are said at a go: a minute of speech, which is spoken whole before it is heard."""
LONGEST_CAPTION: Final = 8_000
"""Characters of a caption; of a longer text, the end is left out."""

TurnState = Literal["asleep", "connecting", "listening", "thinking", "speaking", "overlap", "muted", "fault"]
"""Whose turn it is: `device.conversation.states.State`."""
Light = Literal[
    "asleep",
    "connecting",
    "listening",
    "thinking",
    "speaking",
    "overlap",
    "muted",
    "closed",
    "fault",
    "updating",
    "setting_up",
    "code",
    "ringing",
    "asking",
    "leak",
]
"""What the lights show: a key of `device.panel.lights.PATTERNS`."""
Topic = Literal["state", "captions", "latency", "engine", "cost", "timers", "mute", "volume", "faults", "code", "level"]
"""What can be subscribed to."""
USUAL: Final[tuple[Topic, ...]] = tuple(topic for topic in get_args(Topic) if topic != "level")
"""What somebody is told who does not say of what: all but the level, which comes 15 times a second."""
Code = Literal[
    "bad_message", "version", "too_long", "too_many", "too_slow", "refused", "unknown", "invalid", "changed",
    "impossible", "failed", "wait", "closing"
]  # fmt: skip
"""What went wrong: what was said is no message or too long, they are too many or too slow to be served, this client may
not, there is no such thing, a value is not valid, it was changed meanwhile, it cannot be done as things are, it was
tried and failed, it was asked too often, the daemon ends."""

Text = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
Spoken = Annotated[str, Meta(min_length=1, max_length=LONGEST_SPOKEN)]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Hello(Message, frozen=True):
    """Who speaks, and which version of these messages; the first line in either direction."""

    version: int
    who: Annotated[str, Meta(max_length=100)] = ""
    """The client's name and, of the daemon, Parley's version; for the log and for people."""


# Requests


class Subscribe(Request, frozen=True):
    """Tell me what happens, beginning with a `Snapshot`; again: of other topics. Answered by `Done`."""

    topics: Annotated[tuple[Topic, ...], Meta(max_length=20)] = USUAL


class Unsubscribe(Request, frozen=True):
    """Tell me no more. Answered by `Done`."""


class GetStatus(Request, frozen=True):
    """What is the state of everything? Answered by `Status`."""


class Wake(Request, frozen=True):
    """Listen to somebody now, as after the wake word; a reply is interrupted. Answered by `Done`."""


class Stop(Request, frozen=True):
    """Stop ringing, speaking or, if it does neither, listening. Answered by `Done`; harmless if there is nothing."""


class Mute(Request, frozen=True):
    """Mute the microphone; a restart does not undo it. Answered by `Done`."""


class Unmute(Request, frozen=True):
    """Open the microphone again. Answered by `Done`, or by an `Error` if a switch holds it muted."""


class SetVolume(Request, frozen=True):
    """Set the volume. Answered by `Done`."""

    percent: Percent


class Say(Request, frozen=True):
    """Speak a text by the voice of the local engine, once nobody speaks. Answered by `Said`."""

    text: Spoken
    wait: bool = True
    """Answer when it was spoken; else as soon as it is noted."""
    digits: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$")] = ""
    """Told by the lights as well, by so many blinks each, whether or not the text can be spoken."""

    def __repr__(self) -> str:  # digits are a code, and so may the text be
        return f"Say({'' if self.digits else repr(self.text)})"


class Ask(Request, frozen=True):
    """Take a text for what the user says: a turn by text, answered aloud. Answered by `Answer`, once that is over."""

    text: Text


class Repeat(Request, frozen=True):
    """Play the last reply again. Answered by `Done`, or by an `Error` if there was none."""


class GetTimers(Request, frozen=True):
    """Which timers and alarms are set? Answered by `TimersSet`."""


class CancelTimer(Request, frozen=True):
    """Cancel the timer called so. Answered by `Done`."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]


class CancelAlarm(Request, frozen=True):
    """Cancel the alarm or reminder of this number. Answered by `Done`."""

    number: int


class GetSettings(Request, frozen=True):
    """What can be set, what is set, and what is valid? Answered by `SettingsAre`."""

    below: Annotated[str, Meta(max_length=200)] = ""
    """Only keys of this table, e.g. `wake`; empty: all, of engines those that are chosen or somebody has set."""
    language: Annotated[str, Meta(max_length=35)] = "en"
    """In which it is told what they mean, if that is known in it."""


class ChangeSetting(Request, frozen=True):
    """Change one setting in the user's file. Answered by `Changed`."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]
    """E.g. `wake.threshold`."""
    value: Any = None
    """As TOML would have it; None takes the key out of the file."""
    was: Any | UnsetType = UNSET
    """What the file is believed to say, None for nothing; if it says something else, nothing is changed: `changed`."""

    def __repr__(self) -> str:  # the value may be a secret
        return f"ChangeSetting({self.key!r})"


class GetTranscripts(Request, frozen=True):
    """What was said, the latest conversation first? Answered by `TranscriptsAre`."""

    search: Annotated[str, Meta(max_length=200)] = ""
    """Only conversations in which this was said, in whatever case."""
    before: Annotated[str, Meta(max_length=100)] = ""
    """`TranscriptsAre.next` of the page before."""
    most: Annotated[int, Meta(ge=1, le=50)] = 20


class DeleteTranscripts(Request, frozen=True):
    """Delete what was said in these conversations. Answered by `Deleted`."""

    ids: Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=1000)] = ()
    all: bool = False
    """All of them; `ids` must be empty."""


class GetCosts(Request, frozen=True):
    """What was sent to each engine and what did it cost, the latest day first? Answered by `CostsAre`."""

    days: Annotated[int, Meta(ge=1, le=366)] = 31


class NewCode(Request, frozen=True):
    """Make a code for the owner's page. For root and the daemon's own user only. Answered by `CodeIs`."""

    speak: bool = False
    """Say it aloud, too."""


class CheckCode(Request, frozen=True):
    """Is this the page's code? It is used up then. Answered by `Done`; by an `Error`, `refused` or `wait`, if not."""

    code: Annotated[str, Meta(max_length=20)]

    def __repr__(self) -> str:
        return "CheckCode()"


class Restart(Request, frozen=True):
    """Start Parley anew, so that changed settings hold. Answered by `Done`, before it does."""


# Replies


class Done(Reply, frozen=True):
    """It is done."""


class Error(Message, frozen=True):
    """It is not done, or what was said cannot be understood."""

    code: Code
    what: str
    """What is wrong."""
    fix: str = ""
    """What to do about it, or what would be right."""
    id: RequestId | None = None
    """Of the request; None if that could not be made out."""
    wait_s: float = 0.0
    """After how long to try again; 0 if that is of no use."""


class Said(Reply, frozen=True):
    """The text was spoken."""

    whole: bool = True
    """False if somebody interrupted it, or if it is only noted (`Say.wait`)."""


class Answer(Reply, frozen=True):
    """What the assistant answered, as far as it was heard."""

    text: str
    unheard: str = ""
    """What it would have said, had it not been interrupted."""
    question: str = ""
    """What was asked, as the engine has it."""


class Timer(Struct, frozen=True, omit_defaults=True):
    """A timer that runs, or is paused."""

    name: str
    seconds: int
    """How long it was set for."""
    left_s: int
    """As of now."""
    rings_at: float
    """In seconds since 1970; of a paused one, if it went on now."""
    paused: bool = False


class Alarm(Struct, frozen=True, omit_defaults=True):
    """An alarm or a reminder."""

    number: int
    kind: Literal["alarm", "reminder"]
    text: str = ""
    """What to remind of."""
    rings_at: float | None = None
    """In seconds since 1970; None if the clock must be set first."""
    days: tuple[int, ...] = ()
    """On which days of the week it rings again and again, 0 being Monday."""


class TimersSet(Reply, frozen=True):
    """The timers and alarms that are set, the next to ring first."""

    timers: tuple[Timer, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    ringing: bool = False


class Setting(Struct, frozen=True, omit_defaults=True):
    """A key of the settings."""

    key: str
    """E.g. `wake.threshold`."""
    value: Any
    """In force; None for a secret, and for one that is not set and has no default."""
    default: Any = None
    kind: Literal["text", "number", "whole", "switch", "choice", "list", "table", "secret"] = "text"
    valid: str = ""
    """What may be set, in words."""
    choices: tuple[str | int, ...] = ()
    """Of a `choice`."""
    least: float | None = None
    most: float | None = None
    about: str = ""
    """What it means: the docstring in the tree of settings, or the same in the language that was asked for."""
    origin: str = ""
    """The file or variable that set it; empty: it is at its default."""
    file: Any = None
    """What the user's file says, for `ChangeSetting.was`; None for nothing, and for a secret."""
    present: bool = False
    """Of a secret: whether it is set."""


class SettingsAre(Reply, frozen=True):
    """The settings, in the order of the tree."""

    settings: tuple[Setting, ...]
    file: str
    """Where changes are written."""
    fault: str = ""
    """Why the files are not in force, if they cannot be used."""
    pending: tuple[str, ...] = ()
    """Keys of all tables that the files have otherwise than what is in force, and hold after a restart."""
    engines: tuple[str, ...] = ()
    """Engines that there are beside, whose tables can be asked for: `engine.NAME`."""
    language: str = "en"
    """In which it is told what they mean."""


class Changed(Reply, frozen=True):
    """A setting was changed; it holds once Parley was started anew."""

    key: str
    file: str


class Line(Struct, frozen=True, omit_defaults=True):
    """One thing in a transcript."""

    at_ms: int
    """Since the beginning of the conversation."""
    kind: Literal["user", "assistant", "tool", "engine", "error"]
    text: str = ""
    """What was said and, by the assistant, heard; a tool's or an engine's name; an error's message."""
    unheard: str = ""
    """What the assistant would have said, had it not been interrupted."""
    arguments: str = ""
    """Of a tool."""


class Transcript(Struct, frozen=True, omit_defaults=True):
    """A conversation that was kept."""

    id: str
    began: str
    """ISO 8601, with the time zone."""
    length_ms: int | None = None
    why: str = ""
    """What ended it."""
    profile: str = ""
    lines: tuple[Line, ...] = ()
    clipped: bool = False
    """Whether something of it was left out, because it is too long."""
    result: Any = None


class TranscriptsAre(Reply, frozen=True):
    """A page of transcripts, the latest first."""

    transcripts: tuple[Transcript, ...]
    next: str = ""
    """For `GetTranscripts.before`, if there are more."""


class Deleted(Reply, frozen=True):
    """So many conversations are deleted."""

    count: int


class Day(Struct, frozen=True, omit_defaults=True):
    """What one engine was sent and cost on one day."""

    day: str
    """YYYY-MM-DD, in the device's time zone."""
    engine: str
    model: str = ""
    replies: int = 0
    sent_s: float = 0.0
    session_s: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    """US dollars, at the most; None if the price is not known."""


class CostsAre(Reply, frozen=True):
    """What was sent and what it cost."""

    days: tuple[Day, ...]
    budget: float = 0.0
    """US dollars a day; 0: no limit."""


class CodeIs(Reply, frozen=True):
    """The page's code; it holds for so long, and once."""

    code: str
    seconds: float

    def __repr__(self) -> str:
        return f"CodeIs(seconds={self.seconds})"


# Events


class State(Event, frozen=True):
    """Whose turn it is, and what the lights show of it."""

    state: TurnState
    light: Light
    colour: str = "#000000"
    """Of the light: `#rrggbb` as the eye is to see it."""
    other: str = ""
    """A second colour, of a light that has two."""
    streaming: bool = False
    """Sound of the microphone left the device in the last moment."""
    ringing: bool = False
    updating: bool = False


class Caption(Event, frozen=True):
    """What somebody says, as far as it is known."""

    id: str
    """Of what is said: the next with this `id` replaces it."""
    role: Literal["user", "assistant", "device"]
    """`device`: it was asked to say it (`Say`, a reminder, the code's announcement), and no engine knows of it."""
    text: str
    final: bool = False
    """Nothing is added to it any more."""


class Heard(Event, frozen=True):
    """How much of a reply's caption has left the loudspeaker."""

    id: str
    """The caption's."""
    chars: int
    """Characters of its text that were heard so far, to the end of a word."""
    over: bool = False
    """No more of it will be: what comes after `chars` was not heard."""


class Level(Event, frozen=True):
    """How loud the microphone and the loudspeaker are: at most 15 times a second."""

    dbfs: float
    """-100 or more; 0 is full scale."""
    playing: float = 0.0
    """How loud the loudspeaker is just now, from 0, hardly audible, to 1, full: by it the green light moves."""


class Latency(Event, frozen=True):
    """How long the last turn took, from the end of the user's voice to the first sound of the reply."""

    ms: int
    stages: dict[str, int] = field(default_factory=dict)
    """When the turn's stages were, in ms since the end of the voice: `device.records.entry.Stage`."""


class Engine(Event, frozen=True):
    """Which engine answers."""

    engine: str = ""
    """That of the conversation, or of the last one; empty before the first."""
    engines: tuple[str, ...] = ()
    """Those that were chosen, in order."""
    open: bool = False
    """Whether a session is open."""
    why: str = ""
    """What went wrong last with an engine, unless it answered since."""


class Cost(Event, frozen=True):
    """What the engines cost today."""

    today: float = 0.0
    """US dollars, as far as prices are known."""
    budget: float = 0.0
    """US dollars a day; 0: no limit."""


class Timers(Event, frozen=True):
    """Which timers and alarms are set, and whether one rings."""

    timers: tuple[Timer, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    ringing: bool = False


class Muted(Event, frozen=True):
    """Whether the microphone is muted."""

    on: bool = False
    switch: bool = False
    """By a switch, which wins over all else."""


class Volume(Event, frozen=True):
    """How loud the loudspeaker is set."""

    percent: int


class Fault(Struct, frozen=True, omit_defaults=True):
    """Something that is wrong."""

    code: Literal["card", "engine", "hears_itself", "settings", "budget", "panel"]
    what: str


class Faults(Event, frozen=True):
    """All that is wrong at present."""

    faults: tuple[Fault, ...] = ()


class CodeMade(Event, frozen=True):
    """A code for the owner's page was made, and holds for so long; 0: there is none any more."""

    seconds: float = 0.0


class About(Struct, frozen=True, omit_defaults=True):
    """Which assistant this is."""

    name: str
    """What it calls itself."""
    version: str
    language: str
    profile: str = ""
    """The profile in force, by its name; empty: none."""
    wake_words: tuple[str, ...] = ()
    card: str = ""
    """The sound card."""
    button: bool = False
    """Whether it has a button."""


class Snapshot(Event, frozen=True):
    """The state of everything: the last event of each kind."""

    about: About
    state: State
    engine: Engine
    cost: Cost
    timers: Timers
    muted: Muted
    volume: Volume
    faults: Faults = Faults()
    captions: tuple[Caption, ...] = ()
    """Those of the conversation so far, the oldest first; the last 20."""
    heard: tuple[Heard, ...] = ()
    """How much of each of them was heard."""
    latency: Latency | None = None
    code: CodeMade = CodeMade()


class Status(Reply, frozen=True):
    """The state of everything."""

    now: Snapshot


AnyRequest = (
    Subscribe
    | Unsubscribe
    | GetStatus
    | Wake
    | Stop
    | Mute
    | Unmute
    | SetVolume
    | Say
    | Ask
    | Repeat
    | GetTimers
    | CancelTimer
    | CancelAlarm
    | GetSettings
    | ChangeSetting
    | GetTranscripts
    | DeleteTranscripts
    | GetCosts
    | GetFigures
    | AnyProfileRequest
    | NewCode
    | CheckCode
    | Restart
    | AnyUpkeepRequest
    | AnyStepRequest
)
AnyReply = (
    Hello
    | Done
    | Error
    | Said
    | Answer
    | TimersSet
    | SettingsAre
    | Changed
    | TranscriptsAre
    | Deleted
    | CostsAre
    | FiguresAre
    | AnyProfileReply
    | CodeIs
    | Status
    | AnyUpkeepReply
    | AnyStepReply
)
AnyEvent = (
    Snapshot | State | Caption | Heard | Level | Latency | Engine | Cost | Timers | Muted | Volume | Faults | CodeMade
)

TOPICS: Final[dict[type[Event], Topic]] = {
    State: "state",
    Caption: "captions",
    Heard: "captions",
    Level: "level",
    Latency: "latency",
    Engine: "engine",
    Cost: "cost",
    Timers: "timers",
    Muted: "mute",
    Volume: "volume",
    Faults: "faults",
    CodeMade: "code",
}
"""Of which topic each event is; a `Snapshot` is of all of them."""

_encoder = msgspec.json.Encoder()


def encode(message: Message) -> bytes:
    """Return a message as its line."""
    return _encoder.encode(message) + b"\n"
