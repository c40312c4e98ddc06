"""Whether the engine takes notice of what the user said: one that does not is well, for all that its server tells.

The device hears for itself that a voice has ended, so nobody need wait for a server to say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.conversation.timeouts import SILENT, THINKING_LIMIT
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.user_turn import Owed

ENOUGH_MS = 300
"""Milliseconds of voice that an engine cannot miss. A choice: a cough is shorter, a question longer."""
WEIGHS = samples(9_000)
"""An engine that heard the voice begin may weigh for so long whether it is over: OpenAI's semantic turn detection takes
up to 8 s (eagerness low)."""
BELIEVED = samples(30_000)
"""A voice that only the engine hears, and that never ends, is not believed for longer. A choice: somebody far away may
talk for so long."""


class Unheard(Struct, frozen=True):
    """What the user said was heard by nobody."""

    engine: str
    noticed: bool
    """The engine heard that somebody speaks, and nothing came of it."""

    @property
    def message(self) -> str:
        """What is wrong, for the log."""
        what = "heard somebody speak, and made nothing of it" if self.noticed else "does not hear what is said to it"
        return f"The engine {self.engine} {what}."


class Attention:
    """What the present engine has shown of it; positions of the device's clock."""

    def __init__(self) -> None:
        self._opened_at = 0
        self._noticed_at: int | None = None
        self._deaf: set[str] = set()  # those that what was said last was lost on
        self._hears_since: int | None = None

    def opened(self, at: int) -> None:
        """Note that a session is open, which knows nothing yet of what was said."""
        self._opened_at, self._noticed_at, self._hears_since = at, None, None

    def notices(self, at: int) -> None:
        """Note that the engine has heard something, or speaks."""
        self._noticed_at = at

    def hears(self, at: int, *, speech: bool) -> None:
        """Note that the engine hears somebody begin to speak, or end."""
        self.notices(at)
        self._hears_since = at if speech else None

    def begin(self) -> None:
        """Note that what is said next is something else: who was deaf to what was said before may hear it."""
        self._deaf.clear()

    def asked(self, engine: str, left: frozenset[str]) -> bool:
        """Note that what was said is lost on `engine`; return whether one is left on which it is not, as yet."""
        self._deaf.add(engine)
        return bool(left - self._deaf)

    def unheard(self, owed: Owed, engine: str, at: int, *, alone: bool) -> Unheard | None:
        """Return what is wrong if the engine should have taken up by now what it is owed an answer to.

        It has longer if it is `alone`: nobody else would answer sooner.
        """
        if owed.voiced_ms < ENOUGH_MS:
            return None
        noticed = self._noticed_at is not None and self._noticed_at >= owed.start
        limit = SILENT if not noticed else THINKING_LIMIT if alone else WEIGHS
        return Unheard(engine, noticed) if at >= max(owed.end, self._opened_at) + limit else None

    def mishears(self, at: int) -> bool:
        """Return whether the engine has heard a voice for too long that nobody else does."""
        return self._hears_since is not None and at >= self._hears_since + BELIEVED
