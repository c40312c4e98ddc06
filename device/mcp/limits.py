"""How much of a server is taken: a house has one that floods, and the conversation goes on all the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from device.mcp.messages import McpError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 8 * 2**20
"""Bytes of one message. 5,000 tools with a paragraph and six described arguments each are 5.5 MB."""
BURST: Final = 500
"""Messages at once; a choice: nothing that is asked here is answered by so many."""
A_SECOND: Final = 50
"""Messages a second, for long. A choice: progress is told some ten times a second by the most talkative."""


class Flow:
    """Counts the messages of a server; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at = clock()

    def take(self) -> None:
        """Note a message. Raises McpError if there are too many."""
        now = self._clock()
        self._left = min(float(BURST), self._left + (now - self._at) * A_SECOND) - 1
        self._at = now
        if self._left < 0:
            raise McpError(f"it sends more than {A_SECOND} messages a second: it is left alone for a while")
