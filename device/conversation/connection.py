"""The connection to an engine: whether a session is wanted and open, what it can do, and what follows when it fails.

Which engine is asked is for `failover`, and going on in another session in mid-conversation for `handover`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Action, OpenSession, Prepare, Record
from device.conversation.engine import Capabilities
from device.conversation.failover import Attempt, Failover
from device.conversation.handover import Handover

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.conversation.engine import Expiring, Fault, Opened, Prepared, Said, Unprepared


class Connection:
    """One conversation's at a time; engines for which `barred` holds, by their names, are passed over."""

    def __init__(self, engines: Sequence[str], barred: Callable[[str], bool]) -> None:
        self._wanted = self._open = False
        self._rate = 24_000
        self._can = Capabilities()
        self._failover = Failover(engines, barred)
        self._handover = Handover(self._failover)

    @property
    def wanted(self) -> bool:
        """Whether a session is open or will be, if that is possible."""
        return self._wanted

    @property
    def open(self) -> bool:
        """Whether a session is open."""
        return self._open

    @property
    def rate(self) -> int:
        """Hz of the session's audio."""
        return self._rate

    @property
    def can(self) -> Capabilities:
        """What the present session can do or, while none is open, what the last one could."""
        return self._can

    @property
    def stream(self) -> bool:
        """Whether the engine listens while it talks."""
        return self._can.family == "stream"

    @property
    def engine(self) -> str:
        """The engine that holds the conversation, or is asked to."""
        return self._failover.current

    @property
    def engines(self) -> frozenset[str]:
        """Those that may be asked at present."""
        return self._failover.left

    @property
    def alone(self) -> bool:
        """Whether there is no other engine to hand over to."""
        return self._failover.alone

    def begin(self, at: int) -> Attempt | None:
        """Return whom to ask for a session, for a new conversation; None if all engines are barred."""
        return self._failover.begin(at)

    def ask(self, attempt: Attempt, history: tuple[Said, ...]) -> Action:
        """Return how to ask for a session that is told what was said."""
        self._wanted, self._open = True, False
        return OpenSession(history, attempt.after_ms, attempt.engine)

    def opened(self, event: Opened, at: int) -> Action:
        """Note that the session is open; return its record."""
        self._open = True
        self._rate, self._can = event.rate, event.capabilities
        self._handover.forget()
        self._failover.opened(at)
        return Record(entries.SessionOpen(at, self._failover.current))

    def answered(self) -> None:
        """Note that the engine answers."""
        self._failover.answered()

    def lost(self) -> None:
        """Note that the session is lost, or the attempt to open one."""
        self._open = False
        self._handover.forget()

    def failed(self, fault: Fault, at: int) -> Attempt | None:
        """Return whom to ask after a fault; None if that is of no use: then no session is wanted any more."""
        attempt = self._failover.failed(at, retry=fault.retry, after_s=fault.retry_after_s or None)
        self._wanted = attempt is not None
        return attempt

    def close(self) -> None:
        """Note that the conversation is over."""
        self._wanted = False
        self.lost()

    # Another session in mid-conversation

    def expiring(self, event: Expiring, at: int) -> Action:
        """Note that the present session will end soon; return the record."""
        self._handover.expiring(at)
        return Record(entries.EngineExpiring(at, event.seconds))

    def prepared(self, event: Prepared) -> None:
        """Note that the session beside the present one is open."""
        self._handover.prepared(event)

    def unprepared(self, event: Unprepared, at: int) -> Action:
        """Note that it could not be opened; return the record."""
        self._handover.unprepared(at)
        return Record(entries.SessionUnprepared(at, event.engine, event.message))

    def stay(self) -> None:
        """Let go of whatever is prepared."""
        self._handover.forget()

    def change_over(self, at: int, history: tuple[Said, ...]) -> list[Action]:
        """Prepare another session or go on in it, if that is due, in a pause at `at`; return what to do."""
        action, fresh = self._handover.step(at, history)
        records: list[Action] = []
        if isinstance(action, Prepare):
            records = [Record(entries.SessionPrepare(at, action.engine))]
        if fresh is not None:
            self._rate, self._can = fresh.rate, fresh.capabilities
            records = [Record(entries.SessionSwitch(at, fresh.engine))]
        return records if action is None else [*records, action]
