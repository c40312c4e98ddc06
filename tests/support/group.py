"""Arbiters of a group, on a clock and a network of the test's own."""

from __future__ import annotations

import heapq
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from device.earshot.arbiter import Arbiter, Verdict
from device.earshot.peers import Peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.earshot.datagram import Told


class Member:
    """One of them, which bids `bid` on what it hears, and begins a conversation when it may."""

    def __init__(self, group: Group, number: int, bid: float) -> None:
        self.group, self.number, self.bid, self.own = group, number, bid, False
        self.peers = Peers(f"{number + 1:016x}")
        self.arbiter = Arbiter(self.peers, self._send, self._verdict, lambda: (self.bid, self.own))
        self.verdicts: list[tuple[float, Verdict]] = []
        self.conversing = False
        self.deaf = False

    @property
    def address(self) -> tuple[str, int]:
        return f"10.0.0.{self.number + 1}", 1

    def here(self) -> None:
        self._send(self.peers.stamp(self.group.now, kind="here"))

    def wake(self, bid: float | None = None, **how: Any) -> None:
        self.arbiter.woke(self.group.now, self.bid if bid is None else bid, **how)
        self.group.plan(self)

    def talk(self, *, on: bool) -> None:
        self.conversing = on
        self.arbiter.conversing(self.group.now, on=on)
        self.group.plan(self)

    def take(self, told: Told, address: tuple[str, int]) -> None:
        if self.peers.take(told, address, self.group.now):
            self.arbiter.hear(told, self.group.now)
        self.group.plan(self)

    def _send(self, told: Told) -> None:
        self.group.carry(self, told)

    def _verdict(self, verdict: Verdict) -> None:
        self.verdicts.append((self.group.now, verdict))
        if verdict == "answer" and not self.conversing:
            self.conversing = True
            self.arbiter.conversing(self.group.now, on=True)
        elif verdict == "yield" and self.conversing:
            self.group.at(self.group.now, lambda: self.talk(on=False))


class Group:
    """So many, with their bids; of what they say a part gets `lost`, each is late by something of `delay_s`."""

    def __init__(
        self, *bids: float, lost: float = 0.0, delay_s: tuple[float, float] = (0.001, 0.003), seed: int = 0
    ) -> None:
        self.now = 0.0
        self.lost, self.delay_s = lost, delay_s
        self.rng = np.random.default_rng(seed)
        self.sent: list[tuple[float, int, Told]] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.members = [Member(self, number, bid) for number, bid in enumerate(bids)]
        for _ in range(8):
            for member in self.members:
                member.here()
            self.pass_by(0.1)

    def at(self, when: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (when, next(self._order), do))

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now + seconds, do)

    def plan(self, member: Member) -> None:
        if (when := member.arbiter.next) is not None:
            self.at(when, lambda: self._look(member))

    def _look(self, member: Member) -> None:
        if (when := member.arbiter.next) is not None and when <= self.now:
            member.arbiter.look(self.now)
            self.plan(member)

    def carry(self, sender: Member, told: Told) -> None:
        self.sent.append((self.now, sender.number, told))
        for member in self.members:
            if member is not sender and not member.deaf and not sender.deaf and self.rng.random() >= self.lost:
                self.after(self.rng.uniform(*self.delay_s), partial(member.take, told, sender.address))

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while self._agenda and self._agenda[0][0] <= end:
            self.now, _, do = heapq.heappop(self._agenda)
            do()
        self.now = end

    @property
    def answering(self) -> list[int]:
        return [member.number for member in self.members if member.conversing]
