"""Whether this Parley answers, or another one in earshot: what wakes it waits for that to be decided.

Nothing leaves the device before: no session is opened, nobody is let hear anything. What is said meanwhile is on the
tape, and goes to the engine of the one that answers.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Final

from device.conversation import entries
from device.conversation.events import (
    Asked,
    Button,
    Elsewhere,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Voice,
    Wake,
)
from device.conversation.states import State
from device.conversation.turn_taking import WAKEABLE
from device.daemon.watcher import Watcher
from device.earshot.arbiter import Arbiter
from device.earshot.datagram import FARTHEST, Envelope, Foreign, Forged
from device.earshot.peers import HERE_S, Peers
from device.listen.nearness import nearness
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.loudspeaker import Loudspeaker
    from device.conversation.engine import EngineEvent
    from device.conversation.events import DeviceEvent
    from device.daemon.inbox import Inbox
    from device.daemon.tasks import Tasks
    from device.earshot.air import Air
    from device.earshot.arbiter import Verdict
    from device.earshot.datagram import Told
    from device.earshot.peers import Address
    from device.listen.capture import Capture
    from device.records.ledger import Ledger
    from device.settings.house import HouseSettings

log = logging.getLogger(__name__)

AT_FIRST_S: Final = (0.3, 0.7)
"""It says a second and a third time that it is there, as the first may get lost; a choice."""
GREET_S: Final = 0.1
"""The least time between two greetings that are answered."""
SPOKE: Final = samples(500)
"""What it said so recently may only be detected now, as the wake word may be 360 ms after its end."""
NEAR: Final = samples(1500)
"""Who was near the microphone so recently may have said the wake word: as long as it lasts, and is detected late."""
MEASURE: Final = samples(50)
"""How long what was measured holds: it takes some ms, and anybody can ask for it."""
SILENCED: Final = 100.0
"""dB: so much less bids whoever has no engine to answer with."""
COMPLAIN_S: Final = 600.0
"""How often the log tells that somebody has another secret."""
STRANGER_S: Final = 5.0
"""How often it is answered to whom: two of them do so for ever."""


class Earshot(Watcher):
    """The group that `settings` name, over `air`; `gain_db` is what the microphone is amplified by, unasked."""

    def __init__(
        self,
        settings: HouseSettings,
        air: Air,
        *,
        inbox: Inbox,
        tasks: Tasks,
        capture: Capture,
        playout: Loudspeaker,
        ledger: Ledger,
        ringing: Callable[[], bool],
        gain_db: Callable[[], float],
    ) -> None:
        self._air, self._inbox, self._tasks, self._capture, self._playout = air, inbox, tasks, capture, playout
        self._ledger, self._ringing, self._gain_db = ledger, ringing, gain_db
        self._loop = asyncio.get_running_loop()
        self._envelope = Envelope(settings.group, settings.secret.reveal())
        self._peers = Peers(secrets.token_hex(8))
        self._arbiter = Arbiter(self._peers, self._send, self._verdict, self._measure)
        self._take: Callable[[DeviceEvent], None] = inbox.put
        self._state = State.ASLEEP
        self._waiting: Wake | None = None
        self._near_at, self._began_at, self._spoke_at = -NEAR, 0, -SPOKE
        self._measured = -MEASURE, FARTHEST
        self._greeted = self._complained = self._met_stranger = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def open(self, take: Callable[[DeviceEvent], None]) -> None:
        """Look for the others; what waited for a decision and is to be answered goes to `take`."""
        self._take = take
        self._air.open(self._receive)
        self._tasks.spawn(self._be_there())

    def close(self) -> None:
        """Be alone again."""
        if self._timer is not None:
            self._timer.cancel()
        self._air.close()

    def keeps(self, event: DeviceEvent | EngineEvent) -> bool:
        """Look at what happens; return whether nothing shall come of it, or not yet."""
        if isinstance(event, (NearEnd, Voice)):
            self._near_at = event.at
        elif isinstance(event, PlayoutStarted) and event.at >= self._spoke_at + SPOKE:
            self._began_at = event.at
        elif isinstance(event, (PlayoutDone, PlayoutCut)):
            self._spoke_at = event.at
        elif isinstance(event, (Button, Asked)) and self._state in WAKEABLE and not self._ringing():
            self._waiting = None
            self._woke(by_hand=True)
        elif isinstance(event, Wake) and self._state is not State.MUTED:
            return self._keeps_back(event)
        return False

    def _keeps_back(self, event: Wake) -> bool:
        if self._state not in WAKEABLE or self._ringing():
            # It is listening to this one already, or rings and is told to stop: that waits for nobody.
            self._woke(by_hand=self._ringing())
            return False
        if self._waiting is None:
            self._waiting = event
            self._woke()
        return True

    def _woke(self, *, by_hand: bool = False) -> None:
        self._arbiter.woke(self._loop.time(), self._measure()[0], by_hand=by_hand)
        self._plan()

    def state(self, state: State, at: int) -> None:  # noqa: ARG002 - it is now
        """Know whose turn it is."""
        self._state = state
        if state is State.MUTED:
            self._waiting = None
        self._arbiter.conversing(self._loop.time(), on=state not in (*WAKEABLE, State.MUTED))
        self._plan()

    def _verdict(self, verdict: Verdict) -> None:
        waiting, self._waiting = self._waiting, None
        if verdict == "answer":
            if waiting is not None:
                self._take(waiting)
        elif waiting is not None:
            self._ledger.record(entries.Elsewhere(waiting.at, waiting.word, waiting.score))
        elif self._state not in (*WAKEABLE, State.MUTED):
            # Not from within what the conversation does just now.
            self._loop.call_soon(lambda: self._inbox.put(Elsewhere(self._capture.now)))

    def _measure(self) -> tuple[float, bool]:
        """Return what is bid on what is heard just now, and whether that may be what is played."""
        now = self._capture.now
        if now - self._measured[0] >= MEASURE or now < self._measured[0]:
            self._measured = now, nearness(self._capture.clean, self._gain_db())
        bid = self._measured[1] - (SILENCED if self._state is State.FAULT else 0.0)
        speaks = self._playout.playing is not None or now < self._spoke_at + SPOKE
        return bid, speaks and self._near_at < max(self._began_at, now - NEAR)

    # The others

    async def _be_there(self) -> None:
        for after in (0.0, *AT_FIRST_S):
            await asyncio.sleep(after)
            self._send_here()
        while True:
            await asyncio.sleep(HERE_S)
            self._air.refresh()
            self._send_here()

    def _send_here(self, address: Address | None = None) -> None:
        here = self._envelope.seal(self._peers.stamp(self._loop.time(), kind="here"))
        self._air.send(here, self._peers.addresses() if address is None else [address], everybody=address is None)

    def _send(self, told: Told) -> None:
        self._air.send(self._envelope.seal(told), self._peers.addresses())

    def _receive(self, datagram: bytes, address: Address) -> None:
        now = self._loop.time()
        if not self._peers.allows(address, now):
            return
        try:
            told = self._envelope.open(datagram)
        except Foreign:
            return
        except Forged:
            self._complain(address, now)
            return
        new = told.who != self._peers.me and told.who not in self._peers.there(now)
        if self._peers.take(told, address, now):
            self._arbiter.hear(told, now)
            self._plan()
        if new and now - self._greeted >= GREET_S:  # who is new learns that it is known
            self._greeted = now
            self._send_here(address)

    def _complain(self, address: Address, now: float) -> None:
        """Let both sides know, now and then, that their secrets are not the same."""
        if now - self._complained >= COMPLAIN_S:
            self._complained = now
            log.warning("A Parley of this group has another secret than this one: %s", address[0])
        if now - self._met_stranger >= STRANGER_S:
            self._met_stranger = now
            self._send_here(address)

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._arbiter.next
        self._timer = None if due is None else self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        self._arbiter.look(self._loop.time())
        self._plan()
