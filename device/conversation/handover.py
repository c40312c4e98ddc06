"""Going on in another session in mid-conversation: a fresh one before the old one ends, or one with a better engine.

The next session is opened beside the present one, told what was said, and takes over in a pause. If something was
said meanwhile, it is opened anew: so no word is lost, and none said twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation.actions import Action, Prepare, Switch
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.engine import Prepared, Said
    from device.conversation.failover import Failover

AGAIN = samples(10_000)
"""After a session could not be prepared, before the next attempt to renew."""


class Handover:
    """What is being prepared; to be asked in pauses of the conversation only."""

    def __init__(self, failover: Failover) -> None:
        self._failover = failover
        self._renew_at: int | None = None
        self._preparing = False
        self._told: tuple[Said, ...] = ()
        """What the session knows that is being prepared, or is."""
        self._prepared: Prepared | None = None

    def forget(self) -> None:
        """Begin anew, with a session that was just opened or lost."""
        self._renew_at = self._prepared = None
        self._preparing = False

    def expiring(self, at: int) -> None:
        """Note that the present session will end soon."""
        self._renew_at = at

    def prepared(self, event: Prepared) -> None:
        """Note that the session is open that was asked for."""
        if self._preparing:
            self._prepared = event
        self._preparing = False

    def unprepared(self, at: int) -> None:
        """Note that it could not be opened."""
        self._preparing = False
        if self._renew_at is not None:
            self._renew_at = at + AGAIN

    def step(self, at: int, history: tuple[Said, ...]) -> tuple[Action | None, Prepared | None]:
        """Return what to do in a pause at `at`, and the session in which the conversation goes on, if it does."""
        if self._preparing:
            return None, None
        if (fresh := self._prepared) is not None:
            self._prepared = None
            if self._told == history:
                self._renew_at = None
                self._failover.switched(fresh.engine, at)
                return Switch(), fresh
            return self._prepare(fresh.engine, history), None
        if self._renew_at is not None and at >= self._renew_at:
            return self._prepare(self._failover.current, history), None
        if (better := self._failover.better(at)) is not None:
            return self._prepare(better, history), None
        return None, None

    def _prepare(self, engine: str, history: tuple[Said, ...]) -> Prepare:
        self._preparing, self._told = True, history
        return Prepare(history, engine)
