"""Earcons and ringing, as the playout is told to play them."""

import asyncio

import numpy as np
import pytest

from device.audio.earcons import earcon
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.conversation.events import StopHeard, VoiceEnd
from device.daemon.inbox import Inbox
from device.daemon.reader import Speech
from device.daemon.sounds import PAUSE_S, Earcons, Ringer
from device.daemon.tasks import Tasks
from device.daemon.watcher import Watcher
from device.listen.stop_word import StopWord
from device.sample_clock import CLOCK_RATE

RATE = 16_000


class Recogniser:
    """Hears the same in all that it is given, while somebody wants it."""

    def __init__(self, says):
        self.says = says
        self.users = set()

    def want(self, user, wanted):
        (self.users.add if wanted else self.users.discard)(user)

    async def use(self, work):
        return work(self) if self.users else None

    def transcribe(self, pcm, understood=None):
        return self.says


class Sounds:
    def __init__(self, *, says="Stop.", wanted=True, speak=None):
        self.taken, self.begun, self.snoozed = [], [], []
        self.playout = Playout(RATE)
        self.recogniser = Recogniser(says)
        inbox = Inbox()
        inbox.open(self.taken.append)
        clean = RingBuffer(CLOCK_RATE, 5)
        self.ringer = Ringer(
            self.playout,
            StopWord("en", clean, self.recogniser),
            inbox,
            lambda: 7,
            tasks=Tasks(),
            speak=speak,
            snooze=self.snooze,
        )
        watcher = Watcher()
        watcher.earcon = self.begun.append
        self.earcons = Earcons(self.playout, self.ringer, watcher, wanted=wanted)

    async def snooze(self, minutes):
        self.snoozed.append(minutes)
        self.ringer.ring(on=False)
        return f"again in {minutes}"

    def heard(self, seconds=0.2, skip=0.0):
        """What leaves the loudspeaker next, `(n,) int16`."""
        out = np.zeros(round((skip + seconds) * RATE), np.int16)
        for at in range(0, len(out), 160):
            self.playout.render(out[at : at + 160], at)
        return out[round(skip * RATE) :]


async def test_a_timer_rings_over_and_over_until_it_is_ended():
    sounds = Sounds()
    assert not sounds.ringer.on
    sounds.ringer.ring(on=True)
    assert sounds.ringer.on
    period = len(earcon("timer", RATE)) / RATE
    assert sounds.heard(0.5, skip=2 * period).any()
    sounds.ringer.ring(on=False)
    assert not sounds.ringer.on
    assert not sounds.heard().any()
    assert not sounds.recogniser.users, "nobody listens for a stop word any more"


async def test_what_is_said_of_it_is_heard_after_each_ring_until_it_is_ended():
    spoken, tasks = asyncio.Event(), []

    async def speak(text):
        tasks.append(text)
        await spoken.wait()
        return Speech(np.full(24_000, 1000, np.int16), 24_000)

    sounds = Sounds(speak=speak)
    sounds.ringer.ring(on=True, says="tea")
    await asyncio.sleep(0)
    period = len(earcon("timer", RATE)) / RATE
    assert sounds.heard(0.5).any(), "it rings until it is spoken"
    spoken.set()
    for _ in range(5):
        await asyncio.sleep(0)
    for _ in range(2):
        assert abs(np.median(sounds.heard(0.8, skip=period + 0.1)) - 1000) < 20
        sounds.heard(1.0 - 0.9 + PAUSE_S)
    sounds.ringer.ring(on=False)
    assert not sounds.heard().any()
    assert tasks == ["tea"]


async def test_what_is_spoken_too_late_is_not_said():
    async def speak(_text):
        await asyncio.sleep(0)
        return Speech(np.full(16_000, 1000, np.int16), RATE)

    sounds = Sounds(speak=speak)
    sounds.ringer.ring(on=True, says="tea")
    sounds.ringer.ring(on=False)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not sounds.heard().any()


async def test_it_rings_on_if_nothing_can_be_spoken():
    async def speak(_text):
        return None

    sounds = Sounds(speak=speak)
    sounds.ringer.ring(on=True, says="tea")
    for _ in range(5):
        await asyncio.sleep(0)
    assert sounds.heard(0.5).any()


@pytest.mark.parametrize("ringing", [True, False])
async def test_a_tool_that_stops_the_ringing_is_told_whether_there_was_any(ringing):
    sounds = Sounds()
    sounds.ringer.ring(on=ringing)
    assert sounds.ringer.stop() is ringing
    assert sounds.taken == ([StopHeard(7)] if ringing else [])


@pytest.mark.parametrize(("says", "stops"), [("Stop.", True), ("Hello.", False)])
async def test_only_the_word_for_it_ends_the_ringing(says, stops):
    sounds = Sounds(says=says)
    sounds.ringer.ring(on=True)
    await sounds.ringer.hear(VoiceEnd(8000, 0, 8000, 500))
    assert sounds.taken == ([StopHeard(7)] if stops else [])


@pytest.mark.parametrize(("alone", "snoozed"), [(True, [5]), (False, [])])
async def test_alone_it_is_put_off_and_that_is_said_else_the_engine_hears_it(alone, snoozed):
    told = []

    async def speak(text):
        told.append(text)
        return Speech(np.full(8000, 1000, np.int16), RATE)

    sounds = Sounds(says="Five more minutes.", speak=speak)
    sounds.ringer.ring(on=True)
    await sounds.ringer.hear(VoiceEnd(8000, 0, 8000, 500), alone=alone)
    assert sounds.snoozed == snoozed
    assert told == [f"again in {minutes}" for minutes in snoozed]
    assert sounds.taken == []
    assert (sounds.heard(0.4) == 1000).any() is np.bool_(alone)
    assert not sounds.heard(0.4, skip=0.4).any() or not alone, "once, and no more"


@pytest.mark.parametrize(
    ("wanted", "ringing", "plays"), [(True, False, True), (False, False, False), (True, True, False)]
)
async def test_an_earcon_is_played_where_it_is_wanted_and_no_timer_rings(wanted, ringing, plays):
    sounds = Sounds(wanted=wanted)
    sounds.ringer.ring(on=ringing)
    sounds.earcons.play("wake")
    assert sounds.begun == (["wake"] if plays else [])
    assert sounds.heard().any() is np.bool_(plays or ringing)
