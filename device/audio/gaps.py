"""Where a stream is missing: the stretches in which a card stood still, and nothing is known of what was said."""

from __future__ import annotations

KEPT = 64
"""How many of the last gaps are known; a choice: one every second of what the clean ring holds."""


class Gaps:
    """The last gaps of a stream, in its positions; one thread adds, any thread asks."""

    def __init__(self) -> None:
        # Replaced whole, so that nobody reads half of it.
        self._gaps: tuple[tuple[int, int], ...] = ()

    @property
    def last(self) -> tuple[int, int] | None:
        """The newest one: its first position and the one after it; None if there was none."""
        return self._gaps[-1] if self._gaps else None

    def add(self, start: int, end: int) -> None:
        """Note that the stream is missing from `start` to before `end`; later than all that are known.

        One that goes on where the last one ended is part of it. Where `start` and `end` are the same nothing is
        missing, but what was played may be heard later or sooner from there on.
        """
        known = self._gaps
        if known and known[-1][1] == start:
            known, start = known[:-1], known[-1][0]
        self._gaps = (*known, (start, end))[-KEPT:]

    def since(self, position: int) -> tuple[tuple[int, int], ...]:
        """Return those that end after `position`, in their order."""
        return tuple(gap for gap in self._gaps if gap[1] > position)

    def touch(self, start: int, end: int) -> bool:
        """Return whether anything is missing from `start` to before `end`."""
        return any(first < end and start < last for first, last in self._gaps if first < last)
