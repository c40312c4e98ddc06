"""What is said through the door to set a device up: what there is to choose from, and what is tried before it is kept.

A choice comes with the settings that it takes, to be changed in their order by `ChangeSetting`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from device.door.base import Reply, Request

LONGEST_KEY: Final = 4096
"""Characters of a key: a choice; a vendor's longest, a signed token, has one or two thousand."""
LONGEST_SHOWN_S: Final = 10.0
"""How long a light is shown for a trial: a choice."""
LONGEST_PRESS_S: Final = 60.0
"""How long a press of the button is waited for: a choice."""

Step = Literal["language", "name", "wake_word", "voice", "engine", "sound", "panel"]
"""A step of the first steps, in the order in which they are shown."""
Lacks = Literal["", "files", "package", "key", "agent", "address"]
"""What keeps a choice from being made: its model files are not fetched, a Debian package is missing, or it needs a key,
an agent's id or an address."""
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Tag = Annotated[str, Meta(max_length=35)]


class Put(Struct, frozen=True):
    """A setting that a choice takes; None for a value takes it out of the file."""

    key: str
    value: Any = None


class LanguageChoice(Struct, frozen=True, omit_defaults=True):
    """A language that can be spoken."""

    code: str
    chosen: bool = False
    megabytes: float = 0.0
    """Of the files that it lacks."""
    lacks: Lacks = ""
    fix: str = ""
    """What to do about that: a command to type."""
    fetch: str = ""
    """For `FetchFiles`, where it lacks files."""
    puts: tuple[Put, ...] = ()


class WakeWordChoice(Struct, frozen=True, omit_defaults=True):
    """A wake word."""

    name: str
    said: str
    """As it is spoken, e.g. "hey jarvis"."""
    chosen: bool = False
    megabytes: float = 0.0
    licence: str = ""
    lacks: Lacks = ""
    fix: str = ""
    fetch: str = ""
    """For `FetchFiles`, where it lacks files."""
    puts: tuple[Put, ...] = ()


class FetchFiles(Request, frozen=True):
    """Fetch the model files of a choice that lacks them. Answered by `Done` once they are here, maybe after minutes.

    It goes on if whoever asked for it goes away; who asks for the same meanwhile waits with them.
    """

    name: Name
    """`fetch` of the choice."""


class GetFetch(Request, frozen=True):
    """What is being fetched, and how far is it? Answered by `FetchIs`, at once."""


class FetchIs(Reply, frozen=True):
    """What is being fetched."""

    name: str = ""
    """As `FetchFiles` has it; empty: nothing is."""
    what: str = ""
    """The package that comes just now; one may need several."""
    done: int = 0
    """Bytes of that one."""
    size: int = 0


class EngineChoice(Struct, frozen=True, omit_defaults=True):
    """An engine that can answer."""

    name: str
    chosen: bool = False
    """Whether it is asked first."""
    model: str = ""
    server: str = ""
    """Where its key and what is said would be sent: scheme, host and port; empty for the one on this device."""
    foreign: bool = False
    """Whether that is another server than the vendor's: somebody has set it."""
    key: bool = False
    """Whether it takes a key."""
    present: bool = False
    """Whether its key is set."""
    agent: bool = False
    """Whether it takes an agent's id, too."""
    lacks: Lacks = ""
    fix: str = ""


class GetChoices(Request, frozen=True):
    """What can be chosen, and what is? Answered by `ChoicesAre`."""


class ChoicesAre(Reply, frozen=True):
    """What can be chosen, by what the settings files say now."""

    languages: tuple[LanguageChoice, ...]
    wake_words: tuple[WakeWordChoice, ...]
    engines: tuple[EngineChoice, ...]


class VoiceChoice(Struct, frozen=True, omit_defaults=True):
    """A voice that can speak."""

    name: str
    kind: str
    """What makes it: `piper`, `kokoro`, `pico` or `espeak-ng`."""
    language: str
    chosen: bool = False
    """Whether it would speak that language now."""
    megabytes: float = 0.0
    licence: str = ""
    notice: str = ""
    """What else there is to know of its licence."""
    lacks: Lacks = ""
    fix: str = ""
    fetch: str = ""
    """For `FetchFiles`, where it lacks files."""
    puts: tuple[Put, ...] = ()


class GetVoices(Request, frozen=True):
    """Which voices are there for a language? Answered by `VoicesAre`, after a second or two."""

    language: Tag = ""
    """Empty: the one that the settings name."""


class VoicesAre(Reply, frozen=True):
    """The voices of a language, those that are here first."""

    language: str
    voices: tuple[VoiceChoice, ...]


class HearVoice(Request, frozen=True):
    """Let a voice say a sentence. Answered by `VoiceHeard`, once it was made and, `aloud`, heard."""

    voice: Name
    language: Tag = ""
    aloud: bool = False
    """By the device's loudspeaker; else the sound is in the answer."""


class VoiceHeard(Reply, frozen=True):
    """A voice's sentence."""

    text: str
    wav: bytes = b""
    """A WAV file, in base64 as JSON has it; empty if the device has spoken."""


class TryEngine(Request, frozen=True):
    """Talk with an engine for half a minute, with a key that is not kept. Answered by `EngineTried`.

    The key goes to `server` alone, which must be what `EngineChoice.server` says.
    """

    engine: Name
    server: Annotated[str, Meta(max_length=300)]
    key: Annotated[str, Meta(max_length=LONGEST_KEY)] = ""
    """Empty: the one that is set."""
    agent: Annotated[str, Meta(max_length=200)] = ""

    def __repr__(self) -> str:
        return f"TryEngine({self.engine!r})"


class UseEngine(Request, frozen=True):
    """Have an engine answer first, the one on the device after it, and keep its key. Answered by `EngineUsed`."""

    engine: Name
    server: Annotated[str, Meta(max_length=300)]
    """As of `TryEngine`: else the key is not kept."""
    key: Annotated[str, Meta(max_length=LONGEST_KEY)] = ""
    agent: Annotated[str, Meta(max_length=200)] = ""

    def __repr__(self) -> str:
        return f"UseEngine({self.engine!r})"


class EngineUsed(Reply, frozen=True):
    """It is in the settings, and holds once the assistant was started anew."""

    file: str


class Found(Struct, frozen=True, omit_defaults=True):
    """What a trial found."""

    name: str
    status: Literal["ok", "warn", "fail"]
    what: str
    fix: str = ""


class EngineTried(Reply, frozen=True):
    """How a conversation with an engine went."""

    ok: bool
    wrong: Literal["", "key", "credit", "unreachable", "busy", "model", "silent", "other"] = ""
    """Why it cannot be used: the key is refused, the account is empty, the server is out of reach or in trouble, it has
    no such model, it did not answer, or what `found` says."""
    delay_ms: int | None = None
    """From the end of the question to the first sound of the answer."""
    question: str = ""
    answer: str = ""
    price: float | None = None
    """US dollars that the trial cost, as far as that is known."""
    found: tuple[Found, ...] = ()


class CardChoice(Struct, frozen=True, omit_defaults=True):
    """A microphone or a loudspeaker."""

    name: str
    """As `card.input` and `card.output` take it."""
    label: str = ""
    """What a person calls it; empty: its name."""
    channels: int = 1
    """That can be recorded, as far as it says so."""
    usual: bool = False
    """Whether it is the one that `default` means."""


class GetCards(Request, frozen=True):
    """Which microphones and loudspeakers are there? Answered by `CardsAre`, after a second or two."""


class CardsAre(Reply, frozen=True):
    """The microphones and loudspeakers, and which are used."""

    inputs: tuple[CardChoice, ...]
    outputs: tuple[CardChoice, ...]
    input: str
    """What the settings name; `default` is the system's."""
    output: str
    channel: int
    """Which of the microphone's channels is listened to, 1 being the first."""
    name: str
    """The card that is open now."""


class CheckSound(Request, frozen=True):
    """Play a test sound and listen to it, which takes 6 s. Answered by `SoundIs`."""


SoundFault = Literal["lost", "zeros", "silent", "clipped", "noisy", "unheard", "overdriven", "too_loud", "echo_stays"]
"""What is wrong with the sound: the card lost samples; the microphone delivers nothing but zeros, or nearly nothing;
its room clips it, or is too loud; it does not hear the loudspeaker; the test sound clips it, or is nearly so loud that
it does; or its echo cannot be taken out."""


class SoundIs(Reply, frozen=True):
    """What was heard of the room and of the test sound; levels in dBFS."""

    room: float
    """The room before the sound."""
    peak: float
    """The loudest that was heard in all, 0 to 1."""
    played: float
    """The test sound, as the loudspeaker was given it."""
    heard: float
    """The microphone meanwhile."""
    delay_ms: float | None = None
    """From the loudspeaker's sample to the microphone's; None if the sound was not heard."""
    removed_db: float | None = None
    """By how much less of it was left over at the end, with the echo canceller taught by what came before."""
    faults: tuple[SoundFault, ...] = ()
    """The worst first; none if all is well."""


class ShowLight(Request, frozen=True):
    """Show what a light looks like, while nothing else is to be shown. Answered by `Done`, at once."""

    light: Annotated[str, Meta(max_length=40)]
    """As `State.light` has it."""
    seconds: Annotated[float, Meta(gt=0, le=LONGEST_SHOWN_S)] = 2.0


class AwaitButton(Request, frozen=True):
    """Wait until the button is pressed, which does nothing else this once. Answered by `Done` when it is."""

    seconds: Annotated[float, Meta(gt=0, le=LONGEST_PRESS_S)] = 20.0


class GetSteps(Request, frozen=True):
    """How far are the first steps? Answered by `StepsAre`."""


class NoteStep(Request, frozen=True):
    """Know that a step was done, or passed over. Answered by `StepsAre`."""

    step: Step
    skipped: bool = False


class EndSteps(Request, frozen=True):
    """Know that the first steps are over. Answered by `StepsAre`."""


class StepsAre(Reply, frozen=True):
    """How far the first steps are."""

    due: bool
    """Whether they are to be shown by themselves: they are not over, and nobody has set the device up otherwise."""
    done: tuple[Step, ...] = ()
    skipped: tuple[Step, ...] = ()
    lights: tuple[str, ...] = ()
    """The lights that can be shown; none if there are no LEDs."""
    button: bool = False
    restart: bool = False
    """Whether the settings files say something else than what holds, until Parley is started anew."""


AnyStepRequest = (
    GetChoices
    | FetchFiles
    | GetFetch
    | GetVoices
    | HearVoice
    | TryEngine
    | UseEngine
    | GetCards
    | CheckSound
    | ShowLight
    | AwaitButton
    | GetSteps
    | NoteStep
    | EndSteps
)
AnyStepReply = ChoicesAre | FetchIs | VoicesAre | VoiceHeard | EngineTried | EngineUsed | CardsAre | SoundIs | StepsAre
