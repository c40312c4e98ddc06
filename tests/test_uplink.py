import asyncio

import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.engines.contract import Capabilities
from device.events import samples
from device.uplink import Uplink


class Session:
    """Keeps what it is sent, in order."""

    rate = 16_000  # no resampling: samples can be told apart
    capabilities = Capabilities()

    def __init__(self):
        self.said = []
        self.news = asyncio.Event()

    async def hear(self, pcm):
        self.said.append(np.frombuffer(pcm, np.int16))
        self.news.set()

    async def commit(self):
        self.said.append("commit")
        self.news.set()

    @property
    def samples(self):
        return np.concatenate([s for s in self.said if not isinstance(s, str)] or [np.zeros(0, np.int16)])

    async def until(self, done):
        async with asyncio.timeout(5):
            while not done():
                await self.news.wait()
                self.news.clear()


@pytest.fixture
def ring():
    return RingBuffer(16_000, 2)


def fill(ring, n):
    start = ring.position
    ring.write((np.arange(start, start + n) % 30_000).astype(np.int16))


@pytest.fixture
async def serving(ring):
    first = []
    uplink = Uplink(ring, on_first=first.append)
    uplink.first = first
    session = Session()
    task = asyncio.create_task(uplink.serve(session))
    yield uplink, session
    task.cancel()


async def test_what_was_said_before_the_session_opened_is_sent_from_the_cursor(ring):
    uplink = Uplink(ring, on_first=lambda at: None)
    fill(ring, 8000)
    uplink.listen(3000, again=False)
    fill(ring, 16_000)  # two "seconds" of opening the session
    session = Session()
    task = asyncio.create_task(uplink.serve(session))
    await session.until(lambda: len(session.samples) == 21_000)
    task.cancel()
    assert (session.samples == np.arange(3000, 24_000) % 30_000).all()
    assert uplink.sent_samples == 21_000
    assert uplink.lost == 0


async def test_live_audio_follows_and_hold_stops_it(ring, serving):
    uplink, session = serving
    fill(ring, 1600)
    uplink.listen(1600, again=False)
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 1600)
    uplink.hold()
    fill(ring, 1600)
    uplink.order(lambda s: s.commit())
    await session.until(lambda: "commit" in [s for s in session.said if isinstance(s, str)])
    assert len(session.samples) == 1600
    assert not uplink.live


async def test_nothing_is_sent_twice_unless_asked(ring, serving):
    uplink, session = serving
    fill(ring, 4800)
    uplink.listen(1600, again=False)
    await session.until(lambda: len(session.samples) == 3200)
    uplink.hold()
    uplink.listen(3200, again=False)
    fill(ring, 160)
    await session.until(lambda: len(session.samples) == 3360)
    assert (session.samples == np.arange(1600, 4960)).all()
    uplink.listen(1600, again=True)
    await session.until(lambda: len(session.samples) == 2 * 3360)
    assert uplink.first == [1600, 4800, 1600]


async def test_orders_go_out_before_more_audio_and_in_order(ring, serving):
    uplink, session = serving

    async def note(word):
        session.said.append(word)
        session.news.set()

    uplink.order(lambda s: note("interrupt"))
    uplink.order(lambda s: note("result"))
    fill(ring, 1600)
    uplink.listen(0, again=False)
    await session.until(lambda: len(session.samples) == 1600)
    assert session.said[:2] == ["interrupt", "result"]


async def test_a_commit_waits_until_the_turn_has_been_sent(ring, serving):
    uplink, session = serving
    uplink.listen(0, again=False)
    uplink.commit(samples(300))
    fill(ring, samples(200))
    await session.until(lambda: len(session.samples) == samples(200))
    assert "commit" not in [s for s in session.said if isinstance(s, str)]
    fill(ring, samples(100))
    await session.until(lambda: isinstance(session.said[-1], str))
    assert len(session.samples) == samples(300)


async def test_an_outage_longer_than_the_ring_is_counted(ring):
    uplink = Uplink(ring, on_first=lambda at: None)
    uplink.listen(0, again=False)
    fill(ring, 40_000)
    session = Session()
    task = asyncio.create_task(uplink.serve(session))
    await session.until(lambda: len(session.samples) == 32_000)
    task.cancel()
    assert uplink.lost == 8000
