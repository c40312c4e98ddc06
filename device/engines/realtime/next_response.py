"""When the next response is asked for: one at a time, and never over the user, whose turn the server answers itself."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, Literal, TypeAlias


class Stage(Enum):
    """What our last `response.create` came to."""

    FREE = auto()
    """Nothing waits for an answer: it began, was refused, or never was."""
    ASKED = auto()
    """The server has not answered."""
    UNWANTED = auto()
    """Likewise, and the user has interrupted it meanwhile: it is cancelled as soon as it begins."""
    OCCUPIED = auto()
    """The server makes a response that it has not told us of: nothing is asked for until one ends."""


Step: TypeAlias = Literal["asked", "interrupted", "created", "refused", "busy", "ended"]

STEPS: Final[dict[tuple[Stage, Step], Stage]] = {
    (Stage.FREE, "asked"): Stage.ASKED,
    (Stage.ASKED, "interrupted"): Stage.UNWANTED,
    (Stage.ASKED, "created"): Stage.FREE,
    (Stage.UNWANTED, "created"): Stage.FREE,
    (Stage.ASKED, "refused"): Stage.FREE,
    (Stage.UNWANTED, "refused"): Stage.FREE,
    (Stage.ASKED, "busy"): Stage.OCCUPIED,
    (Stage.UNWANTED, "busy"): Stage.OCCUPIED,
    (Stage.OCCUPIED, "ended"): Stage.FREE,
}
"""From which stage to which, by what happens; whatever is not listed changes nothing."""


SOON: Final = 50
"""Messages of audio after an answer, half a second's, in which another one that nobody asked for is the same once more.

A choice: a server that answers a tool's result by itself has begun by then, and the user's next turn is not over.
"""


class NextResponse:
    """The stage, and what there is to ask for.

    `waiting` is always whether the result of a call is still to come, `active` whether a response that we know of is in
    the making.
    """

    def __init__(self) -> None:
        self.stage = Stage.FREE
        self._id = ""  # of our response.create that is not answered
        self._wanted = False  # ask as soon as no response is in the making
        self._results = False  # likewise, once all results are in and the user does not speak
        self._user_speaks = False  # the server will reply by itself when the user is done
        self._tools = True  # the model may call tools in the response that is wanted
        self._for_results = False  # the one that was asked for last is about results
        self._answered = 0  # for how many more messages of audio, those results being answered

    @property
    def tools(self) -> bool:
        """Whether the model may call tools in the response that is wanted."""
        return self._tools

    def due(self, *, active: bool, waiting: bool) -> bool:
        """Return whether to ask now."""
        if self.stage is not Stage.FREE or active:
            return False
        return self._wanted or (self._results and not waiting and not self._user_speaks)

    def want(self, *, tools: bool = True) -> None:
        """Have a response asked for, even if the user speaks; without `tools`, the model may call none."""
        self._wanted = True
        self._tools = tools

    def want_for_result(self) -> None:
        """Have one asked for that speaks of a call's result."""
        self._results = True

    def user_began(self) -> None:
        """Leave what comes next to the server: it hears the user."""
        self._user_speaks = True
        self.own_turn()

    def own_turn(self) -> None:
        """Expect the server to begin a response of its own, for a reason that it has."""
        self._answered = 0

    def hears(self, *, active: bool) -> None:
        """Note that the server is sent a message of audio."""
        if not active and self._answered:
            self._answered -= 1

    def user_done(self) -> None:
        """Expect no response of the server's own: the turn was ours to end, or was none."""
        self._user_speaks = False

    def asked(self, event_id: str, *, waiting: bool) -> None:
        """Take it that a `response.create` of this id is sent; it answers all results that are in."""
        self._step("asked")
        self._id = event_id
        self._for_results = self._results and not waiting and not self._wanted
        self._wanted, self._tools = False, True
        self._results = self._results and waiting

    def interrupted(self) -> None:
        """Let the user have the turn: nothing is wanted any more but what results may ask for later."""
        self._step("interrupted")
        self._wanted, self._tools = False, True
        self.own_turn()
        self._user_speaks = True

    def created(self, *, waiting: bool) -> bool:
        """Take the beginning of a response; return whether it is not wanted.

        That is one that was interrupted before it began, or that answers once more what is answered: some servers begin
        a response by themselves when they get a result, and then the one that was asked for.
        """
        unwanted, ours = self.stage is Stage.UNWANTED, self.stage is Stage.ASKED
        again = self.stage is Stage.FREE and self._answered > 0
        self._answered = SOON if ours and self._for_results else 0
        self._step("created")
        if not ours and not waiting:
            # This response was made with the results in sight.
            self._results = False
        if self.stage is Stage.OCCUPIED and self._for_results and not waiting:
            self._wanted = False  # likewise: it is the one that was in the making when ours was refused
        self._user_speaks = unwanted
        return unwanted or again

    def ended(self) -> None:
        """Take the end of a response."""
        self._step("ended")

    def busy(self, event_id: str | None) -> bool:
        """Take it that the server refused a response over one in the making; return whether to ask anew at once."""
        if self.stage in {Stage.ASKED, Stage.UNWANTED}:
            self._wanted = self._wanted or self.stage is Stage.ASKED
            self._step("busy")
            return False
        if not event_id:
            # The server's own answer to the user's turn found a reply still in the making: it is asked for after that.
            self.user_done()
            self.want()
            return True
        return False

    def refused(self, event_id: str | None) -> bool:
        """Take it that the message of this id was refused; return whether it was our `response.create`."""
        if not event_id or event_id != self._id:
            return False
        self._step("refused")
        return True

    def _step(self, step: Step) -> None:
        self.stage = STEPS.get((self.stage, step), self.stage)
        if self.stage in {Stage.FREE, Stage.OCCUPIED}:
            self._id = ""
