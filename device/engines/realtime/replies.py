"""The replies of a Realtime server, their items, and how much of each was heard."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.conversation.events import Heard

REMEMBERED: Final = 64
"""How many replies are remembered, so that what was heard of them can be told and what comes late be dropped. A choice:
far more than are ever under way at a time, far less than a day of replies."""

ITEMS: Final = 1024
"""Items of theirs. A choice: a reply has one or two."""


class Cut(Struct, frozen=True):
    """Where an item was cut off: in which content part, after how many ms of it; 0 if nothing was heard of the item."""

    part: int = 0
    ms: int = 0


class Output(Struct):
    """An item of a reply."""

    reply: str
    received: dict[int, int] = field(default_factory=dict)
    """Bytes of whole samples, by content part."""
    odd: bytes = b""
    """The first half of a sample, of which the second is to come."""
    complete: bool = False
    delivered: bool = False
    """Some of its audio went to the conversation."""
    told: bool = False
    """The server knows how much of it was heard."""

    def take(self, delta: bytes, part: int) -> bytes:
        """Take audio of a content part, s16le mono; return the whole samples that there are now."""
        pcm = self.odd + delta if self.odd else delta
        whole = len(pcm) & ~1
        pcm, self.odd = pcm[:whole], pcm[whole:]
        if pcm:
            self.received[part] = self.received.get(part, 0) + len(pcm)
        return pcm

    def cut(self, heard: Heard, rate: int) -> Cut | None:
        """Return where it was cut off, never beyond what was received; None if it was heard to its end."""
        lengths = [milliseconds(size, rate) for size in self.received.values()]
        total = sum(lengths)
        if heard.whole or (self.complete and heard.ms >= total > 0):
            return None
        if heard.ms <= 0 or total == 0:
            return Cut()
        until = min(heard.ms, total)
        ends = list(accumulate(lengths))
        n = bisect_left(ends, until)
        return Cut(list(self.received)[n], until - (ends[n] - lengths[n]))


class Reply(Struct):
    """A response of the server."""

    open: bool = True
    """The server has not ended it."""
    cut: bool = False
    """The user interrupted it: what still comes of it is dropped."""


class Replies:
    """The newest replies by name, and their items by id; a reply without a name is called ""."""

    def __init__(self) -> None:
        self._replies: dict[str, Reply] = {}
        self._outputs: dict[str, Output] = {}

    def __getitem__(self, name: str) -> Reply:
        """Return a reply. Raises KeyError."""
        return self._replies[name]

    @property
    def active(self) -> bool:
        """Whether one is in the making: the newest, since a server makes one at a time, whether it ends them or not."""
        last = next(reversed(self._replies.values()), None)
        return last is not None and last.open

    def newest(self) -> str:
        """Return the name of the newest one in the making, "" if there is none."""
        return next((name for name in reversed(self._replies) if self._replies[name].open), "")

    def knows(self, name: str) -> bool:
        """Return whether this is a reply that was begun; one without a name only as long as it is in the making."""
        return name in self._replies and bool(name or self._replies[name].open)

    def begin(self, name: str) -> list[str]:
        """Begin a reply; return which were forgotten for it."""
        forgotten = list(self._replies)[: max(0, len(self._replies) - REMEMBERED + 1)]
        for old in forgotten:
            del self._replies[old]
        self._outputs = {item: output for item, output in self._outputs.items() if output.reply not in forgotten}
        self._replies.pop(name, None)  # one without a name may come again, as the newest
        self._replies[name] = Reply()
        return forgotten

    def interrupt(self) -> list[str]:
        """Take it that the user cut off all that was said; return which replies are newly so."""
        fresh = [name for name, reply in self._replies.items() if not reply.cut]
        for name in fresh:
            self._replies[name].cut = True
        return fresh

    def cancelled(self) -> list[str]:
        """Return those that were cut off, and that the server has not ended."""
        return [name for name, reply in self._replies.items() if reply.open and reply.cut]

    def output(self, item: str) -> Output | None:
        """Return an item, if it is known."""
        return self._outputs.get(item)

    def add(self, item: str, reply: str) -> Output:
        """Return an item, which is this reply's if it is new."""
        output = self._outputs.get(item)
        if output is None:
            while len(self._outputs) >= ITEMS:
                del self._outputs[next(iter(self._outputs))]
            output = self._outputs[item] = Output(reply)
        return output

    def outputs(self) -> Iterator[tuple[str, Output]]:
        """Yield all items, each with its id."""
        yield from self._outputs.items()

    def dead(self, output: Output) -> bool:
        """Return whether what comes of an item is dropped."""
        return output.told or ((reply := self._replies.get(output.reply)) is not None and reply.cut)

    def takes(self, output: Output, reply: str) -> bool:
        """Return whether audio of an item that comes with this reply goes to the conversation."""
        return not (self.dead(output) or output.complete) and self._replies[reply].open


def milliseconds(size: int, rate: int) -> int:
    """Return how long so many bytes of s16le mono at `rate` Hz last, in whole ms."""
    return size * 1000 // (2 * rate)
