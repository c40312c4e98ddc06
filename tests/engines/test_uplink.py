import asyncio

import numpy as np
import pytest

from device.audio.gaps import Gaps
from device.audio.ring import RingBuffer
from device.conversation.engine import Capabilities
from device.engines.uplink import Uplink
from device.sample_clock import samples


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


# Engines of which the clock is what they are sent


class Continuous(Session):
    capabilities = Capabilities(family="stream", continuous=True)


@pytest.fixture
async def feeding(ring):
    uplink = Uplink(ring, on_first=lambda at: None)
    session = Continuous()
    task = asyncio.create_task(uplink.serve(session))
    await asyncio.sleep(0)
    yield uplink, session, task
    task.cancel()


async def test_a_continuous_engine_gets_zeros_for_as_long_as_the_devices_clock_goes_on(ring, feeding):
    uplink, session, _ = feeding
    fill(ring, 4800)
    await session.until(lambda: len(session.samples) == 4800)
    assert not session.samples.any()
    assert uplink.sent_samples == 0
    fill(ring, 159)  # not a block yet
    uplink.order(lambda s: s.commit())
    await session.until(lambda: session.said[-1] == "commit" if isinstance(session.said[-1], str) else False)
    assert len(session.samples) == 4800


async def test_what_is_said_while_it_is_held_never_leaves(ring, feeding):
    uplink, session, _ = feeding
    uplink.listen(0, again=False)
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 1600)
    uplink.hold()
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 3200)
    uplink.listen(3200, again=False)
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 4800)
    assert (session.samples[:1600] == np.arange(1600)).all()
    assert not session.samples[1600:3200].any()
    assert (session.samples[3200:] == np.arange(3200, 4800)).all()
    assert uplink.sent_samples == 3200


async def test_after_a_backlog_the_zeros_wait_until_the_clock_has_caught_up(ring):
    fill(ring, 8000)
    uplink = Uplink(ring, on_first=lambda at: None)
    uplink.listen(0, again=False)  # said before the session was open
    session = Continuous()
    task = asyncio.create_task(uplink.serve(session))
    await session.until(lambda: len(session.samples) == 8000)
    uplink.hold()
    fill(ring, 8000)
    uplink.order(lambda s: s.commit())
    await session.until(lambda: isinstance(session.said[-1], str))
    assert len(session.samples) == 8000
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 9600)
    task.cancel()
    assert not session.samples[8000:].any()


async def test_no_zeros_go_out_once_the_session_is_over(ring, feeding):
    _, session, task = feeding
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 1600)
    task.cancel()
    await asyncio.wait([task])
    fill(ring, 1600)
    await asyncio.sleep(0)
    assert len(session.samples) == 1600
    assert ring._wakers == ()  # noqa: SLF001 - that nothing wakes any more is seen nowhere else


async def test_the_next_session_is_fed_though_the_last_one_ends_later(ring, feeding):
    uplink, _, old = feeding
    session = Continuous()
    task = asyncio.create_task(uplink.serve(session))
    await asyncio.sleep(0)
    old.cancel()
    await asyncio.wait([old])
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 1600)
    task.cancel()


async def test_other_engines_get_no_zeros(ring, serving):
    uplink, session = serving
    fill(ring, 4800)
    uplink.order(lambda s: s.commit())
    await session.until(lambda: bool(session.said))
    assert session.said == ["commit"]


async def test_an_engine_may_hear_at_another_rate_than_it_speaks(ring):
    session = Session()
    session.rate, session.capabilities = 24_000, Capabilities(hear_rate=16_000)
    uplink = Uplink(ring, on_first=lambda at: None)
    task = asyncio.create_task(uplink.serve(session))
    uplink.listen(0, again=False)
    fill(ring, 1600)
    await session.until(lambda: len(session.samples) == 1600)
    task.cancel()
    assert (session.samples == np.arange(1600)).all()


async def test_what_is_masked_is_sent_as_silence_and_does_not_count_as_sent(ring, serving):
    uplink, session = serving
    fill(ring, 1600)
    uplink.listen(800, again=False)
    uplink.mask(1200)
    await session.until(lambda: len(session.samples) == 800)
    fill(ring, 320)
    await session.until(lambda: len(session.samples) == 1120)
    assert (session.samples[:400] == np.arange(800, 1200)).all()
    assert not session.samples[400:].any()
    assert uplink.sent_samples == 400
    assert uplink.first == [800]
    uplink.unmask(1900)
    fill(ring, 160)
    await session.until(lambda: len(session.samples) == 1300)
    assert (session.samples[1120:] == np.arange(1900, 2080)).all(), "from where it is wanted"


async def test_what_was_masked_and_is_a_voice_is_sent_from_its_first_word(ring, serving):
    uplink, session = serving
    fill(ring, 1600)
    uplink.mask(0)
    uplink.listen(0, again=False)
    uplink.mask(0)
    await session.until(lambda: len(session.samples) == 1600)
    assert uplink.first == []
    uplink.unmask(1000)
    await session.until(lambda: len(session.samples) == 2200)
    assert (session.samples[1600:] == np.arange(1000, 1600)).all()
    assert uplink.first == [1000]
    uplink.mask(1600)
    uplink.unmask(400)
    fill(ring, 160)
    await session.until(lambda: len(session.samples) == 2360)
    assert (session.samples[2200:] == np.arange(1600, 1760)).all(), "what was sent is not sent again"


async def test_what_was_masked_before_a_session_opened_is_silence_to_the_next_one_too(ring, serving):
    uplink, session = serving
    fill(ring, 320)
    uplink.listen(0, again=False)
    uplink.mask(480)
    fill(ring, 480)
    uplink.hold()
    fill(ring, 160)
    expected = np.arange(960)
    expected[480:800] = 0
    uplink.listen(0, again=True)
    await session.until(lambda: len(session.samples) >= 960)
    assert (session.samples[-960:] == expected).all()


async def test_what_the_card_missed_is_left_out(ring):
    gaps = Gaps()
    gaps.add(400, 900)
    gaps.add(1600, 9000)
    uplink, session = Uplink(ring, on_first=lambda at: None, gaps=gaps), Session()
    task = asyncio.create_task(uplink.serve(session))
    uplink.listen(0, again=False)
    uplink.commit(1600)
    fill(ring, 3200)
    await session.until(lambda: len(session.samples) == 1100)
    assert (session.samples == np.concatenate((np.arange(400), np.arange(900, 1600)))).all()
    await session.until(lambda: "commit" in [s for s in session.said if isinstance(s, str)])
    assert uplink.sent_samples == 1100
    task.cancel()
