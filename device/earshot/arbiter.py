"""Who answers: a pure machine from what this Parley hears and what the others tell it to verdicts and messages.

Whoever is woken claims it, with a bid: how near it heard the wake word. The others say what they bid on the same sound,
though they were not woken, or claim it as well. The highest claim answers, and says so as long as it holds a
conversation; every other one keeps still. That takes a round trip where all answer, and 150 ms at the most.

Messages may be lost, late or twice: each tells how things stand, and is said again. Whoever finds that a higher claim
has been overheard leaves the conversation to it, also when that has begun. Clocks need not agree: a message tells how
long ago its sender was woken.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from device.earshot.datagram import FARTHEST, NEAREST, Kind, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.earshot.peers import Peers

WINDOW_S: Final = 0.15
"""From the first claim on: by then it is decided."""
LATE_S: Final = 0.1
"""Who is woken so much later than another, which can do it, keeps still: a claim would come when that has decided."""
SAME_S: Final = 1.2
"""Who is woken so much later at the most was woken by the same words: the next ones come 1.5 s later at the soonest
(`REFRACTORY` of the wake word)."""
CLAIM_S: Final = (0.0, 0.015, 0.04, 0.08, 0.12)
"""When a claim is told: at once and, as messages get lost, again while it is not decided. Of five that are each lost
one time in five, all are one time in 3,000."""
HOLDS_S: Final = (0.0, 0.03, 0.1, 0.3, 0.6)
"""The same of who answers: whoever has overheard the claim hears of it before it has said much."""
OBJECT_S: Final = 0.01
"""How soon it is said again to who goes on all the same; no sooner, lest two of them keep each other busy."""

Verdict = Literal["answer", "yield"]
Rank = tuple[bool, float, str]


class Claim(Struct, frozen=True):
    """Somebody was woken."""

    who: str
    number: int
    woken: float
    bid: float
    by_hand: bool = False

    @property
    def rank(self) -> Rank:
        """The higher one answers; the tags, drawn at random, decide where all else is equal."""
        return self.by_hand, self.bid, self.who


class Arbiter:
    """One of the group; `peers` are the others, and `send` tells them all.

    `verdict` is called with what is decided of the last `woke`: to answer or to yield; to yield also later, or of a
    conversation that began otherwise. `measure` says what it bids on what it hears just now, and whether it spoke
    itself. Times are seconds of a clock that goes on.
    """

    def __init__(
        self,
        peers: Peers,
        send: Callable[[Told], None],
        verdict: Callable[[Verdict], None],
        measure: Callable[[], tuple[float, bool]],
    ) -> None:
        self._peers, self._send, self._verdict, self._measure = peers, send, verdict, measure
        self._number = 0
        self._mine: Claim | None = None  # undecided, or that of the conversation
        self._decided = True
        self._conversing = False
        self._answered: set[str] = set()  # who will not change what is decided
        self._heard_from: set[str] = set()  # who said anything about it
        self._others: dict[str, Claim] = {}  # the last one of each
        self._passed: dict[str, tuple[int, Told]] = {}  # what was said of the last claim of each
        self._bound: Claim | None = None  # this one keeps still for that
        self._due: deque[tuple[float, Kind]] = deque()
        self._objected = float("-inf")

    @property
    def next(self) -> float | None:
        """When to `look` next; None: when something has happened."""
        times = [self._due[0][0]] if self._due else []
        if self._mine is not None and not self._decided:
            times.append(self._deadline(self._mine))
        return min(times, default=None)

    # What happens here

    def woke(self, now: float, bid: float, *, by_hand: bool = False) -> None:
        """Claim what woke this one just now; the verdict may come before this returns."""
        self._number += 1
        mine = Claim(self._peers.me, self._number, now, max(FARTHEST, min(NEAREST, bid)), by_hand)
        if not by_hand and self._is_late(mine):
            self._verdict("yield")
            return
        self._mine, self._decided, self._bound = mine, False, None
        self._answered = {who for who, claim in self._others.items() if self._same(claim, mine)}
        self._heard_from = set(self._answered)
        self._plan(now, "claim", CLAIM_S)
        self._decide(now)
        self.look(now)

    def conversing(self, now: float, *, on: bool) -> None:
        """Know whether there is a conversation here; one that nobody claimed was begun by hand."""
        if on is self._conversing:
            return
        self._conversing = on
        if on:
            if self._mine is None or not self._decided:
                self._number += 1
                self._mine, self._decided = Claim(self._peers.me, self._number, now, NEAREST, by_hand=True), True
            self._plan(now, "holds", HOLDS_S)
        elif self._decided:
            self._mine = None
            self._due.clear()
        self.look(now)

    def look(self, now: float) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= now:
            self._tell(now, self._due.popleft()[1])
        if self._mine is not None and not self._decided and now >= self._deadline(self._mine):
            for who in self._peers.there(now) - self._heard_from:
                self._peers.silent(who)
            self._settle(now, "answer")

    # What others tell

    def hear(self, told: Told, now: float) -> None:
        """Take a message that is to be believed."""
        match told.kind:
            case "claim":
                self._hear_claim(_claim(told, now), now)
            case "pass":
                self._hear_pass(told, now)
            case "holds":
                self._hear_holder(_claim(told, now), now)
            case "here":
                pass
        self.look(now)

    def _hear_claim(self, claim: Claim, now: float) -> None:
        known = self._others.get(claim.who)
        if known is None or known.number < claim.number:
            self._others[claim.who] = claim
        elif known.number > claim.number:
            return
        else:  # what comes sooner tells better when that was
            claim = self._others[claim.who] = min(known, claim, key=lambda one: one.woken)
        if self._contests(claim):
            self._meet(claim, now)
        elif self._conversing and claim.by_hand:
            self._settle(now, "yield")
        else:
            self._pass(claim, now)

    def _hear_pass(self, told: Told, now: float) -> None:
        mine = self._mine
        if mine is None or told.whose != mine.who or told.number != mine.number:
            return
        self._heard_from.add(told.who)
        higher = (False, told.bid, told.who) > mine.rank
        if not mine.by_hand and (told.own or (told.holds and higher)):
            self._settle(now, "yield")
        elif told.holds or told.bid <= mine.bid:
            self._answered.add(told.who)
            self._decide(now)

    def _hear_holder(self, claim: Claim, now: float) -> None:
        if self._contests(claim):
            self._others.setdefault(claim.who, claim)
            self._meet(claim, now)
        elif self._mine is None:
            self._bound = claim
        elif self._conversing and claim.woken > self._mine.woken:
            number, passed = self._passed.get(claim.who, (0, None))
            objects = number == claim.number and passed is not None and not claim.by_hand
            if objects and passed is not None and (passed.own or (False, passed.bid, passed.who) > claim.rank):
                self._object(now, passed)
            else:
                self._settle(now, "yield")

    def _meet(self, claim: Claim, now: float) -> None:
        """Compare another's claim with this one's, of the same words."""
        if self._mine is None:
            return
        self._answered.add(claim.who)
        self._heard_from.add(claim.who)
        if claim.rank > self._mine.rank:
            self._bound = claim
            self._settle(now, "yield")
            return
        if self._decided:
            self._object(now)
        self._decide(now)

    def _pass(self, claim: Claim, now: float) -> None:
        """Say what this one bids on what woke another, and keep still if that is not more."""
        number, told = self._passed.get(claim.who, (0, None))
        if told is None or number != claim.number:
            bid, own = self._measure() if not claim.by_hand else (FARTHEST, False)
            holds = self._conversing
            told = self._peers.stamp(
                now, kind="pass", whose=claim.who, number=claim.number, bid=bid, holds=holds, own=own
            )
            self._passed[claim.who] = claim.number, told
            if not holds and bid <= claim.bid:
                self._bound = claim
            self._send(told)
        else:
            self._object(now, told, at_once=True)

    # The decision

    def _contests(self, claim: Claim) -> bool:
        """Return whether this one was woken by the same words, and would answer."""
        return self._mine is not None and self._same(claim, self._mine)

    def _same(self, a: Claim, b: Claim) -> bool:
        return abs(a.woken - b.woken) <= SAME_S

    def _is_late(self, mine: Claim) -> bool:
        """Return whether another answers what woke this one, or is about to."""
        if self._bound is not None and self._same(self._bound, mine):
            return True
        return any(mine.woken - c.woken >= LATE_S and self._same(c, mine) for c in self._others.values())

    def _deadline(self, mine: Claim) -> float:
        rounds = [claim.woken for claim in self._others.values() if self._same(claim, mine)]
        return min([mine.woken, *rounds]) + WINDOW_S

    def _decide(self, now: float) -> None:
        """Decide if nothing can come that changes it."""
        mine = self._mine
        if mine is None or self._decided:
            return
        rivals = [claim for claim in self._others.values() if self._same(claim, mine)]
        if any(claim.rank > mine.rank for claim in rivals):
            self._settle(now, "yield")
        elif mine.by_hand or self._peers.there(now) <= self._answered:
            self._settle(now, "answer")

    def _settle(self, now: float, verdict: Verdict) -> None:
        if verdict == "yield":
            self._mine, self._decided = None, True
            self._due.clear()
        else:
            self._decided = True
            self._plan(now, "holds", HOLDS_S)
        self._verdict(verdict)

    # What is told

    def _plan(self, now: float, kind: Kind, times: tuple[float, ...]) -> None:
        self._due = deque((now + after, kind) for after in times)

    def _tell(self, now: float, kind: Kind) -> None:
        mine = self._mine
        if mine is None:
            return
        self._send(
            self._peers.stamp(
                now,
                kind=kind,
                number=mine.number,
                age_ms=min(3_600_000, round(1000 * (now - mine.woken))),
                bid=mine.bid,
                by_hand=mine.by_hand,
            )
        )

    def _object(self, now: float, passed: Told | None = None, *, at_once: bool = False) -> None:
        """Say again what another seems not to have heard."""
        if now - self._objected < OBJECT_S and not at_once:
            return
        self._objected = now
        if passed is None:
            self._tell(now, "holds")
        else:
            content = {name: getattr(passed, name) for name in ("kind", "whose", "number", "bid", "holds", "own")}
            self._send(self._peers.stamp(now, **content))


def _claim(told: Told, now: float) -> Claim:
    return Claim(told.who, told.number, now - told.age_ms / 1000, told.bid, told.by_hand)
