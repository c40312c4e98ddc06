"""What the device was asked to say by itself: heard one after the other, each once nobody speaks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from device.conversation import entries
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from device.conversation.entries import Announcement
    from device.conversation.events import Heard

LATEST = samples(300_000)
"""So long it waits for a moment; a choice: what is said later is no news any more."""


class Announcements:
    """Those that wait, and the one that is heard, by the names of their items."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, int]] = deque()
        self._playing = ""

    @property
    def due(self) -> bool:
        """Whether one waits, and none is heard."""
        return bool(self._waiting) and not self._playing

    def want(self, item: str, at: int) -> None:
        """Have one heard."""
        self._waiting.append((item, at))

    def begin(self) -> str:
        """Return the one that is to be heard now."""
        self._playing, _ = self._waiting.popleft()
        return self._playing

    def over(self, heard: Iterable[Heard], at: int) -> Iterator[Announcement]:
        """Take what was played or cut off; yield the record of the one that was, if it is among that."""
        for one in heard:
            if one.item == self._playing:
                self._playing = ""
                yield entries.Announcement(at, one.item, "whole" if one.whole else "cut")

    def tick(self, at: int) -> Iterator[Announcement]:
        """Give up those that have waited for too long; yield their records."""
        while self._waiting and at >= self._waiting[0][1] + LATEST:
            yield entries.Announcement(at, self._waiting.popleft()[0], "late")
