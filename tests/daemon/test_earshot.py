"""Devices of a group, each with the least that it needs, on a virtual clock and a network of the test's own."""

import asyncio
import random
from types import SimpleNamespace

import pytest

from device.conversation import entries
from device.conversation.events import (
    Asked,
    Button,
    Elsewhere,
    Heard,
    NearEnd,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    Wake,
)
from device.conversation.states import State
from device.daemon import earshot as module
from device.daemon.earshot import Earshot
from device.daemon.tasks import Tasks
from device.earshot.datagram import LONGEST, Envelope, Told
from device.records.ledger import Ledger
from device.sample_clock import samples
from device.settings.house import HouseSettings
from device.settings.types import Secret
from device.simulation import virtual_clock
from device.simulation.earshot import Network, SimulatedAir

MEETS_S = 1.5
"""By then all know of all."""


class Device:
    """One, which hears what woke it as `bid`."""

    def __init__(self, network, number, *, bid=-30.0, secret=""):
        self.bid, self.rings = bid, False
        self.taken, self.put, self.written = [], [], []
        self.address = (f"10.0.0.{number + 1}", 1)
        self.loop = asyncio.get_running_loop()
        self.playout = SimpleNamespace(playing=None)
        self.earshot = Earshot(
            HouseSettings(group="house", secret=Secret(secret)),
            SimulatedAir(network, self.address),
            inbox=SimpleNamespace(put=self.put.append),
            tasks=Tasks(),
            capture=self,
            playout=self.playout,
            ledger=Ledger(on_entry=self.written.append),
            ringing=lambda: self.rings,
            gain_db=lambda: 0.0,
        )
        self.earshot.open(self.take)

    @property
    def now(self):
        return samples(1000 * self.loop.time())

    @property
    def clean(self):
        return self

    def take(self, event):
        self.taken.append(event)
        if isinstance(event, Wake):
            self.earshot.state(State.CONNECTING, self.now)

    def happens(self, kind, *args):
        event = kind(self.now, *args)
        if not self.earshot.keeps(event):
            self.take(event)
        return event

    def wake(self):
        return self.happens(Wake, "hey_jarvis", 0.9)

    @property
    def woken(self):
        return [event for event in self.taken if isinstance(event, Wake)]


@pytest.fixture(autouse=True)
def bids(monkeypatch):
    monkeypatch.setattr(module, "nearness", lambda clean, _gain: clean.bid)


def group(test, *devices, **network):
    """Run `test` with so many devices, each made as said, once they know of each other."""

    async def main():
        air = Network(**network)
        made = [Device(air, number, **how) for number, how in enumerate(devices)]
        await asyncio.sleep(MEETS_S)
        await test(air, *made)
        for one in made:
            one.earshot.close()

    virtual_clock.run(main())


def test_one_alone_answers_at_once():
    async def test(_, one):
        woken = one.wake()
        assert one.taken == [woken]

    group(test, {})


def test_of_two_the_nearer_is_woken_and_the_other_writes_down_why_it_is_not():
    async def test(_, near, far):
        woken = [near.wake(), far.wake()]
        assert near.taken == far.taken == []  # nothing begins before it is decided
        await asyncio.sleep(0.02)
        assert near.taken == [woken[0]]
        assert far.taken == []
        assert far.written == [entries.Elsewhere(woken[1].at, "hey_jarvis", 0.9)]

    group(test, {"bid": -30.0}, {"bid": -40.0})


def test_who_has_no_engine_to_answer_with_leaves_it_to_another():
    async def test(_, near, far):
        near.earshot.state(State.FAULT, near.now)
        near.wake()
        far.wake()
        await asyncio.sleep(0.3)
        assert near.taken == []
        assert len(far.taken) == 1

    group(test, {"bid": -30.0}, {"bid": -60.0})


def test_who_is_muted_meanwhile_is_not_woken():
    async def test(_, one, other):
        other.bid = -20.0
        one.wake()
        await asyncio.sleep(0.05)
        one.earshot.state(State.MUTED, one.now)
        await asyncio.sleep(0.5)
        assert one.taken == []

    group(test, {}, {})


def test_the_button_waits_for_nobody_and_drops_the_wake_word():
    async def test(_, one, other):
        other.bid = -20.0
        one.wake()
        await asyncio.sleep(0.05)
        pressed = one.happens(Button)
        await asyncio.sleep(0.01)
        other.wake()
        await asyncio.sleep(0.5)
        assert one.taken == [pressed]
        assert other.taken == []

    group(test, {}, {})


def test_a_question_by_text_is_answered_where_it_was_asked():
    async def test(_, one, other):
        asked = one.happens(Asked, "What time is it?")
        other.wake()
        await asyncio.sleep(0.5)
        assert one.taken == [asked]
        assert other.taken == []

    group(test, {"bid": -60.0}, {"bid": -20.0})


def test_the_one_that_rings_is_told_to_stop_at_once_and_the_others_keep_still():
    async def test(_, one, other):
        one.rings = True
        other.wake()
        woken = one.wake()
        assert one.taken == [woken]
        await asyncio.sleep(0.5)
        assert other.taken == []

    group(test, {"bid": -60.0}, {"bid": -20.0})


def test_the_word_said_again_to_another_ends_a_conversation():
    async def test(_, one, other):
        one.wake()
        other.wake()
        await asyncio.sleep(4)
        assert len(one.taken) == 1
        one.bid, other.bid = -50.0, -25.0
        one.wake()
        assert len(one.woken) == 2  # whoever speaks to it is listened to meanwhile
        other.wake()
        await asyncio.sleep(0.5)
        assert [type(event) for event in one.put] == [Elsewhere]
        assert len(other.taken) == 1

    group(test, {"bid": -30.0}, {"bid": -40.0})


@pytest.mark.parametrize("near", [False, True])
def test_a_reply_wakes_no_other_unless_somebody_speaks_over_it(near):
    async def test(_, one, other):
        one.wake()
        await asyncio.sleep(4)
        one.playout.playing = Heard("reply", 0, whole=False)
        one.happens(PlayoutStarted, "reply")
        await asyncio.sleep(2)
        if near:
            one.happens(NearEnd)
        one.bid, other.bid = -90.0, -40.0
        other.wake()
        await asyncio.sleep(0.5)
        assert len(other.taken) == near
        assert len(one.put) == near

    group(test, {"bid": -30.0}, {"bid": -40.0})


def test_the_end_of_a_reply_may_be_detected_after_it():
    async def test(_, one, other):
        one.wake()
        await asyncio.sleep(4)
        one.happens(PlayoutDone, Heard("reply", 900, whole=True))
        one.bid = -90.0
        await asyncio.sleep(0.3)
        other.wake()
        await asyncio.sleep(0.5)
        assert other.taken == []
        await asyncio.sleep(2)
        other.wake()
        await asyncio.sleep(0.5)
        assert len(other.taken) == 1

    group(test, {"bid": -30.0}, {"bid": -40.0})


def test_another_secret_is_told_once_and_each_answers_by_itself(caplog):
    async def test(_, one, other):
        await asyncio.sleep(100)
        one.wake()
        other.wake()
        assert len(one.taken) == len(other.taken) == 1

    group(test, {"secret": "a"}, {"secret": "b"})
    assert len([line for line in caplog.messages if "another secret" in line]) == 2


def test_who_joins_later_is_known_at_once():
    async def test(air, one):
        other = Device(air, 5, bid=-20.0)
        await asyncio.sleep(0.1)
        one.wake()
        other.wake()
        await asyncio.sleep(0.02)
        assert one.taken == []
        assert len(other.taken) == 1
        other.earshot.close()

    group(test, {})


def test_nothing_that_is_sent_from_outside_does_more_than_keep_others_waiting():
    async def test(air, one, other):
        rng, stranger = random.Random(1), ("10.0.0.99", 7)
        recorded = []
        air.join(("10.0.0.50", 1), lambda datagram, _: recorded.append(datagram))
        one.wake()
        other.wake()
        await asyncio.sleep(3)
        assert len(recorded) >= 6
        foreign = Envelope("house", "not this one")
        bad = [
            b"", b"\0" * 64_000, b"x" * LONGEST, *recorded,
            *(rng.randbytes(rng.randrange(1500)) for _ in range(500)),
            *(foreign.seal(Told(who=f"{n:016x}", seq=n, kind="claim", bid=100.0)) for n in range(5000)),
        ]  # fmt: skip
        one.earshot.state(State.ASLEEP, one.now)
        for datagram in bad:
            air.carry(datagram, stranger)
        await asyncio.sleep(3)
        one.wake()
        other.wake()
        await asyncio.sleep(0.3)
        assert len(one.woken) == 2
        assert len(other.woken) == 0

    group(test, {"bid": -30.0, "secret": "s"}, {"bid": -40.0, "secret": "s"}, delay_ms=(2.0, 2.0))


def test_without_a_secret_five_thousand_that_are_not_there_cost_a_moment_at_the_most():
    async def test(air, one, other):
        envelope = Envelope("house")
        for number in range(5000):
            here = envelope.seal(Told(who=f"{number:016x}", seq=1, kind="here"))
            air.carry(here, (f"10.1.{number // 250}.{number % 250}", 7))
        await asyncio.sleep(2)
        one.wake()
        other.wake()
        await asyncio.sleep(0.2)
        assert len(one.taken) == 1
        assert other.taken == []

    group(test, {"bid": -30.0}, {"bid": -40.0}, delay_ms=(2.0, 2.0))


def test_ticks_and_all_else_are_passed_on():
    async def test(_, one):
        tick = one.happens(Tick)
        assert one.taken == [tick]

    group(test, {})
