"""A conversation by itself, told what happens in milliseconds: what it wants done, without what it writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from device.conversation.actions import Action, Record, Show
from device.conversation.engine import Audio, Capabilities, Opened, ReplyStarted, SpeechStopped, Words
from device.conversation.events import PlayoutStarted, VoiceEnd, VoiceStart, Wake
from device.conversation.machine import Conversation
from device.conversation.rules import Rules
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.engine import EngineEvent
    from device.conversation.entries import Entry
    from device.conversation.events import DeviceEvent
    from device.conversation.states import State

Kind = TypeVar("Kind", bound="Entry")


class Talk:
    """A conversation whose actions are returned, and whose entries of the ledger are gathered."""

    def __init__(self, barred: Callable[[str], bool] = lambda _: False, **rules: Any) -> None:
        self.conversation = Conversation(Rules(**rules), barred)
        self.entries: list[Entry] = []

    def __call__(self, event: DeviceEvent | EngineEvent, now: int | None = None) -> list[Action]:
        """Let something happen, at position `now` or its own; return what is to be done."""
        actions = self.conversation.on(event, getattr(event, "at", 0) if now is None else now)
        self.entries += [action.entry for action in actions if isinstance(action, Record)]
        return [action for action in actions if not isinstance(action, (Record, Show))]

    @property
    def state(self) -> State:
        return self.conversation.state

    def ms(self, kind: Callable[..., DeviceEvent], at: float, *args: Any, **named: Any) -> list[Action]:
        """Let something happen on the device at `at` ms."""
        return self(kind(samples(at), *args, **named))

    def wrote(self, kind: type[Kind]) -> list[Kind]:
        """Return the ledger's entries of a kind."""
        return [entry for entry in self.entries if isinstance(entry, kind)]


def second(n: float) -> int:
    return samples(1000 * n)


def awake(talk: Talk, at: float = 1000) -> list[Action]:
    """Wake at `at` ms and pause after the wake word: listening from its end."""
    talk.ms(Wake, at, "hey_jarvis", 0.9)
    talk(VoiceStart(samples(at + 20), samples(at - 600)))
    talk(Opened(24000), samples(at + 100))
    return talk(VoiceEnd(samples(at + 300), samples(at - 600), samples(at + 60), 660, -20.0))


def speaking(talk: Talk, at: float = 3000, item: str = "i1", reply: str = "r1", ms: int = 1000) -> list[Action]:
    """Have the engine answer at `at` ms, with `ms` of sound."""
    talk(SpeechStopped(), samples(at - 100))
    talk(ReplyStarted(reply), samples(at - 50))
    talk(Audio(reply, item, bytes(48 * ms)), samples(at - 20))
    talk(Words("assistant", "one two three four", final=True, item=item), samples(at - 10))
    return talk(PlayoutStarted(samples(at), item))


def streaming(**rules: Any) -> Talk:
    """Return a conversation, awake, with an engine that talks and listens at once."""
    talk = Talk(**rules)
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk(Opened(24000, Capabilities(family="stream")), samples(1100))
    talk.ms(VoiceStart, 1150, samples(400))
    talk.ms(VoiceEnd, 1300, samples(400), samples(1060), 660)
    return talk
