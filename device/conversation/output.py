"""What an event leads to: actions, gathered in order until the event is over, and the position that it came at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation.actions import Record

if TYPE_CHECKING:
    from device.conversation.actions import Action
    from device.conversation.entries import Entry


class Output:
    """One event's at a time: from `arrive` to `leave`."""

    def __init__(self) -> None:
        self._now = self._came = 0
        self._actions: list[Action] = []

    @property
    def now(self) -> int:
        """Position on the device's clock."""
        return self._now

    @property
    def came(self) -> int:
        """Position at which the event came; `now` is later while what it tells of is on its way to the loudspeaker."""
        return self._came

    def arrive(self, now: int) -> None:
        """Take an event that came at the position `now`."""
        self._came = now
        self.go_on(now)

    def go_on(self, now: int) -> None:
        """Go on to the position `now`; the clock never goes back."""
        self._now = max(self._now, now)

    def do(self, *actions: Action) -> None:
        """Have something done."""
        self._actions.extend(actions)

    def record(self, entry: Entry) -> None:
        """Have an entry of the ledger written."""
        self._actions.append(Record(entry))

    def leave(self) -> list[Action]:
        """Return what was gathered to be done, and gather anew."""
        actions, self._actions = self._actions, []
        return actions
