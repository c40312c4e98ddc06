"""What the conversation wants done: the other half of its language, beside the events."""

from __future__ import annotations

from msgspec import Struct

from device.conversation.engine import Said, ToolCall
from device.conversation.entries import Entry
from device.conversation.events import Heard
from device.conversation.states import State


class Action(Struct, frozen=True, tag=True):
    """Something to be done."""


class OpenSession(Action, frozen=True):
    """Open a session with `engine` after a pause, seeded with what was said; answered by `Opened` or `Fault`."""

    history: tuple[Said, ...]
    after_ms: int
    engine: str = "local"


class Prepare(Action, frozen=True):
    """Open another session beside the present one, to go on in; answered by `Prepared` or `Unprepared`."""

    history: tuple[Said, ...]
    engine: str


class Switch(Action, frozen=True):
    """Go on in the session that was prepared, and close the present one."""


class Say(Action, frozen=True):
    """Have the engine speak about `text` now, calling `tools` if it likes."""

    text: str
    tools: bool = True


class Ask(Action, frozen=True):
    """Have the engine answer `text` as a turn of the user's."""

    text: str


class CloseSession(Action, frozen=True):
    """End the session, or the attempt to open one."""


class Listen(Action, frozen=True):
    """Send microphone audio from position `at` on, and everything after it, as soon as the session is open.

    Unless `again`, what this session was sent before is not sent twice, and whatever was masked from `at` on is not.
    """

    at: int
    again: bool = False


class Mask(Action, frozen=True):
    """Send silence in place of microphone audio from position `at` on, until `Unmask` or `Hold`."""

    at: int


class Unmask(Action, frozen=True):
    """Send what was masked from position `at` on after all, and everything after it."""

    at: int


class Hold(Action, frozen=True):
    """Stop sending microphone audio."""


class Commit(Action, frozen=True):
    """Tell the engine that the user's turn is over, once all audio up to `at` was sent."""

    at: int


class Play(Action, frozen=True):
    """Queue audio of a reply item."""

    item: str
    pcm: bytes


class Finish(Action, frozen=True):
    """A reply item's audio is complete."""

    item: str


class Again(Action, frozen=True):
    """Queue the last reply once more, whole, as `item`; the engine knows nothing of it."""

    item: str


class Announce(Action, frozen=True):
    """Queue what the device was asked to say as `item`; the engine knows nothing of it."""

    item: str


class Lower(Action, frozen=True):
    """Lower the reply, which goes on."""


class Duck(Action, frozen=True):
    """Lower the reply and hold it."""


class Restore(Action, frozen=True):
    """Bring the reply back up, and let it go on."""


class Cut(Action, frozen=True):
    """Fade the reply out and drop what is queued; answered by `PlayoutCut`."""

    quick: bool = False
    """As fast as can be without a click: whoever presses the button is waiting for it."""


class Recognise(Action, frozen=True):
    """Find out what the voice that began at `onset` has said up to `end`; answered by `Understood`."""

    onset: int
    end: int
    ended: bool
    """Whether it seems to have said what it wanted."""
    since: int | None = None
    """From where on to listen, if it goes on from an earlier voice; None: from its onset."""


class Discard(Action, frozen=True):
    """Have the engine forget the beginning of a turn that it will not hear the rest of."""


class Interrupt(Action, frozen=True):
    """Tell the engine that it was cut off, and what was heard."""

    heard: tuple[Heard, ...]


class RunTool(Action, frozen=True):
    """Run a tool; answered by `ToolDone`."""

    call: ToolCall


class StopTools(Action, frozen=True):
    """Stop running tools of which nobody wants the results any more; what they did stays done."""

    call_ids: tuple[str, ...]


class ReturnTool(Action, frozen=True):
    """Give the engine a tool's result."""

    call_id: str
    output: str
    reply: bool


class Earcon(Action, frozen=True):
    """Play a short sound."""

    name: str


class Ring(Action, frozen=True):
    """Begin or end ringing for a timer, an alarm or a reminder; or say something else while it rings."""

    on: bool
    says: str = ""
    """Between the rings."""


class Show(Action, frozen=True):
    """The state has changed."""

    state: State


class Record(Action, frozen=True):
    """Write an entry of the ledger."""

    entry: Entry
