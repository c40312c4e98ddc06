"""What can happen on the device.

Every event says when, as a position on the card's clock: samples at 16 kHz since the card was first opened
(`CLOCK_RATE`). What an engine says is in `engine`.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["stop", "speech", "backchannel", "nothing", "unknown"]
"""What a voice over a reply has said: a phrase that interrupts, the beginning of anything else, a sign of listening, no
words, or what cannot be told."""


EchoKind = Literal["none", "known", "unknown"]
"""What of what was played may be heard at the microphone: nothing, an echo that is cancelled and told from a voice, or
one that is not, because it is not known yet where it is and what it is like."""


class Heard(Struct, frozen=True):
    """How much of a reply item left the loudspeaker."""

    item: str
    ms: int
    """Milliseconds of the item's audio, counted at the card, output latency subtracted."""
    whole: bool
    """True if nothing of what was received remained unheard and no more was to come."""


class DeviceEvent(Struct, frozen=True, tag=True):
    """Something that happened on the device at position `at`."""

    at: int


class Wake(DeviceEvent, frozen=True):
    """The wake word was detected at `at`."""

    word: str
    score: float
    """0 to 1."""


class NearEnd(DeviceEvent, frozen=True):
    """Something sounds near the microphone that cannot be echo, and may become a voice."""


class Echo(DeviceEvent, frozen=True):
    """What of what was played may be heard at the microphone has changed, at `since`; it was noticed at `at`."""

    kind: EchoKind
    since: int


class Helpless(DeviceEvent, frozen=True):
    """The echo canceller neither finds nor cancels an echo that there is (`on`), or does again."""

    on: bool


class Missed(DeviceEvent, frozen=True):
    """The card heard nothing for `length` samples up to about `at`: nothing is known of what was said."""

    length: int


class VoiceStart(DeviceEvent, frozen=True):
    """Somebody near the microphone began to speak at `onset`; it was noticed at `at`."""

    onset: int
    start: int | None = None
    """From where on it may be heard: soft first sounds lie before the onset, but nothing that can only be echo is in
    it. None if that is not known."""


class Mistaken(DeviceEvent, frozen=True):
    """The voice that began at `onset` was nobody's: the echo has moved, and was expected where it had been."""

    onset: int


class Voice(DeviceEvent, frozen=True):
    """The voice that began at `onset` goes on."""

    onset: int
    voiced_ms: int
    """Milliseconds of voice since the onset, pauses not counted."""
    silence_ms: int = 0
    """Milliseconds since the last frame of voice."""
    peak_db: float = 0.0
    """dBFS of its loudest 32 ms so far."""
    near_ms: int | None = None
    """For how long it was louder than what may be left of the echo, from a little before its onset on; None if there
    was no echo all the while."""


class VoiceEnd(DeviceEvent, frozen=True):
    """The voice that began at `onset` ended at `end`; the silence after it was long enough at `at`."""

    onset: int
    end: int
    voiced_ms: int
    peak_db: float = 0.0
    """dBFS of its loudest 32 ms."""
    near_ms: int | None = None
    """As in `Voice`."""


class Understood(DeviceEvent, frozen=True):
    """The recogniser was asked about the voice that began at `onset`."""

    onset: int
    upto: int
    """Up to where it heard it."""
    kind: Kind
    text: str = ""
    """What it understood, for the ledger."""
    score: float = 0.0
    """Log odds that it interrupts."""


class Tick(DeviceEvent, frozen=True):
    """The clock went on; sent every 100 ms, so that limits of time need no other clock."""


class PlayoutStarted(DeviceEvent, frozen=True):
    """The first sample of a reply item left the loudspeaker at `at`."""

    item: str


class PlayoutStarved(DeviceEvent, frozen=True):
    """A reply item ran dry before its end and waits for more audio."""

    item: str


class PlayoutDone(DeviceEvent, frozen=True):
    """A reply item was played to its end."""

    heard: Heard


class PlayoutCut(DeviceEvent, frozen=True):
    """What was being played is silent since `at`, and what was queued is gone; in the order of playing."""

    heard: tuple[Heard, ...]


class Button(DeviceEvent, frozen=True):
    """The button was pressed."""


class Elsewhere(DeviceEvent, frozen=True):
    """Another device in earshot answers whoever this one listens to."""


class Repeat(DeviceEvent, frozen=True):
    """The user wants to hear the last reply again, and there is one."""


class Asked(DeviceEvent, frozen=True):
    """The user asked something by text."""

    text: str


class Announced(DeviceEvent, frozen=True):
    """Something was spoken that the device was asked to say: it is to be heard as `item`, once nobody speaks."""

    item: str


class Mute(DeviceEvent, frozen=True):
    """The microphone was muted (`on`) or opened again."""

    on: bool


class TimerRang(DeviceEvent, frozen=True):
    """A timer of the user ran out."""

    name: str


class AlarmRang(DeviceEvent, frozen=True):
    """The time of an alarm or a reminder of the user has come."""

    kind: Literal["alarm", "reminder"]
    text: str
    """What to remind of."""
    says: str
    """What the device says of it while it rings."""
    missed: bool = False
    """Whether its time is long over: it is told, and wakes nobody."""


class StopHeard(DeviceEvent, frozen=True):
    """The user told the ringing to stop; recognised on the device."""


class CardLost(DeviceEvent, frozen=True):
    """The sound card vanished; the clock goes on, on silence."""


class CardBack(DeviceEvent, frozen=True):
    """The sound card is back."""


class Submitted(Struct, frozen=True):
    """What an engine submitted as the conversation's result."""

    text: str
    """JSON."""
    faults: tuple[str, ...] = ()
    """What of it is not as it was asked for."""


class ToolDone(DeviceEvent, frozen=True):
    """A tool that the engine called has returned."""

    call_id: str
    output: str
    """JSON text, for the model."""
    sleep: bool = False
    """True if the conversation shall end once the reply is over."""
    reply: bool = True
    """False if the model need not speak of it."""
    result: Submitted | None = None
    """The conversation's result, if that is what the call was for."""
