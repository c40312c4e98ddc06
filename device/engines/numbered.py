"""Replies of a server that gives them no ids: they are numbered here, and each has one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from msgspec import Struct

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEMBERED: Final = 32
"""How many replies are remembered, so that what was heard of them can be told and what comes late be dropped. A choice:
far more than are ever under way at a time, far less than a day of replies."""


class Reply(Struct):
    """What such a server says in one go; a subclass adds what its protocol asks for, with defaults."""

    name: str
    item: str
    open: bool = True
    """The server has not ended it."""
    cut: bool = False
    """The user interrupted it: what still comes of it is dropped."""
    words: str = ""
    """What was said of it so far, as text."""


AnyReply = TypeVar("AnyReply", bound=Reply)


class Numbered(Generic[AnyReply]):
    """The newest replies, the oldest first; `kind` makes one of its name and item."""

    def __init__(self, kind: type[AnyReply]) -> None:
        self._kind = kind
        self._replies: dict[str, AnyReply] = {}  # by item
        self._count = 0
        self.last: AnyReply | None = None
        """The newest."""

    def __iter__(self) -> Iterator[AnyReply]:
        """Yield the replies that are remembered."""
        return iter(self._replies.values())

    @property
    def active(self) -> AnyReply | None:
        """The reply in the making, if there is one."""
        return self.last if self.last is not None and self.last.open else None

    def new_id(self, kind: str) -> str:
        """Return an id that nothing else has here."""
        self._count += 1
        return f"{kind}_{self._count}"

    def begin(self) -> tuple[AnyReply, list[EngineEvent]]:
        """Return the reply in the making, and the event of its beginning if it is new."""
        if (reply := self.active) is not None:
            return reply, []
        while len(self._replies) >= REMEMBERED:
            del self._replies[next(iter(self._replies))]
        name = self.new_id("reply")
        reply = self.last = self._kind(name, f"{name}_audio")
        self._replies[reply.item] = reply
        return reply, [ReplyStarted(name)]

    def of(self, item: str) -> AnyReply | None:
        """Return the reply that an item is of, if it is remembered."""
        return self._replies.get(item)

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event that waited is audio of a reply which was cut off meanwhile."""
        if not isinstance(event, Audio | AudioDone):
            return False
        reply = self.of(event.item)
        return reply is not None and reply.cut
