import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio.ring import RingBuffer

STEP = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 40)),
    st.tuples(st.just("read"), st.integers(0, 2), st.integers(0, 16)),
    st.tuples(st.just("take"), st.integers(0, 2), st.integers(0, 40)),
    st.tuples(st.just("seek"), st.integers(0, 2), st.integers(-5, 200)),
)


@settings(max_examples=400)
@given(capacity=st.integers(1, 32), channels=st.integers(1, 2), steps=st.lists(STEP, max_size=60))
def test_any_interleaving_reads_the_reference_tape_or_reports_the_loss(capacity, channels, steps):
    ring = RingBuffer(capacity, 1, channels)
    tape = np.zeros((0, channels), np.int16)
    cursors = [ring.cursor(0) for _ in range(3)]
    expected = [0, 0, 0]
    lost = [0, 0, 0]
    for step in steps:
        if step[0] == "write":
            block = np.arange(len(tape) * channels, (len(tape) + step[1]) * channels, dtype=np.int16)
            tape = np.concatenate((tape, block.reshape(-1, channels)))
            assert ring.write(block) == len(tape)
            continue
        i = step[1]
        cursor = cursors[i]
        if step[0] == "seek":
            cursor.seek(step[2])
            expected[i] = max(0, step[2])
            continue
        skipped = max(0, len(tape) - capacity - expected[i])
        lost[i] += skipped
        expected[i] += skipped
        there = max(0, len(tape) - expected[i])
        if step[0] == "read":
            n = min(step[2], capacity)
            got = cursor.read(n, timeout=0)
            if n > there:
                assert got is None
                continue
        else:
            n = min(step[2], there)
            got = cursor.take(step[2])
        assert got.reshape(-1, channels).tolist() == tape[expected[i] : expected[i] + n].tolist()
        expected[i] += n
        assert (cursor.position, cursor.lost) == (expected[i], lost[i])
        assert cursor.lag == len(tape) - expected[i]


def test_threads_never_see_torn_frames():
    ring = RingBuffer(1000, 1, channels=2)
    blocks = 3000
    seen = [0, 0]
    bad = []

    def reader(k):
        cursor = ring.cursor(0)
        while cursor.position < blocks * 50:
            block = cursor.read(50, timeout=5)
            if block is None:
                bad.append("starved")
                return
            start = cursor.position - 50
            want = (np.arange(start, start + 50) % 30000).astype(np.int16)
            if (block[:, 0] != want).any() or (block[:, 1] != want).any():
                bad.append(start)
            seen[k] += 50
        seen[k] += cursor.lost

    threads = [threading.Thread(target=reader, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for i in range(blocks):
        column = (np.arange(i * 50, i * 50 + 50) % 30000).astype(np.int16)
        ring.write(np.ascontiguousarray(np.stack((column, column), axis=1)))
    for thread in threads:
        thread.join(20)
    assert not bad
    assert seen == [blocks * 50] * 2


def test_read_waits_for_the_writer_and_gives_up_in_time():
    ring = RingBuffer(16000, 1)
    cursor = ring.cursor()
    assert cursor.read(10, timeout=0.01) is None
    threading.Timer(0.05, ring.write, [np.arange(10, dtype=np.int16)]).start()
    assert cursor.read(10, timeout=5).tolist() == list(range(10))


async def test_aread_wakes_on_a_write_from_another_thread():
    ring = RingBuffer(16000, 1)
    cursor = ring.cursor()
    reading = asyncio.create_task(cursor.aread(4))
    await asyncio.sleep(0)
    threading.Thread(target=lambda: [ring.write(np.array([i], np.int16)) for i in range(4)]).start()
    assert (await asyncio.wait_for(reading, 5)).tolist() == [0, 1, 2, 3]


def test_a_block_longer_than_the_ring_keeps_its_end():
    ring = RingBuffer(10, 1)
    cursor = ring.cursor(0)
    ring.write(np.arange(25, dtype=np.int16))
    assert cursor.read(10, timeout=0).tolist() == list(range(15, 25))
    assert cursor.lost == 15


@pytest.mark.parametrize("start", [5, 8, 12])
def test_the_writer_may_change_what_it_wrote(start):
    ring = RingBuffer(10, 1)
    ring.write(np.arange(15, dtype=np.int16))
    ring.rewrite(start, np.array([-1, -2, -3], np.int16))
    tape = list(range(5, 15))
    tape[start - 5 : start - 2] = [-1, -2, -3]
    assert ring.cursor(5).take(10).tolist() == tape
    assert ring.position == 15


@pytest.mark.parametrize("start", [4, 13])
def test_what_is_not_on_the_tape_cannot_be_changed(start):
    ring = RingBuffer(10, 1)
    ring.write(np.arange(15, dtype=np.int16))
    with pytest.raises(ValueError, match="are not on the tape"):
        ring.rewrite(start, np.zeros(3, np.int16))


@pytest.mark.parametrize(("rate", "seconds", "channels"), [(0, 1, 1), (10, 0, 1), (10, 1, 0)])
def test_a_ring_of_nothing_is_refused(rate, seconds, channels):
    with pytest.raises(ValueError, match="positive"):
        RingBuffer(rate, seconds, channels)


def test_bad_sizes_are_refused_by_name():
    ring = RingBuffer(10, 1)
    with pytest.raises(ValueError, match="3 bytes is not whole frames of 2"):
        ring.write(b"abc")
    with pytest.raises(ValueError, match="11 frames at once from a ring of 10"):
        ring.cursor().read(11)


class WatchedRing(RingBuffer):
    """Tells when its reader waits, and when it looks what there is."""

    def __init__(self):
        super().__init__(1000, 1)
        self.writer = threading.current_thread()
        self.waiting = threading.Event()
        self.looked = threading.Event()

    @property
    def oldest(self):
        if threading.current_thread() is not self.writer:
            self.looked.set()
        return super().oldest

    def add_waker(self, waker):
        super().add_waker(waker)
        self.waiting.set()


def test_a_reader_is_not_woken_before_everything_is_there():
    ring = WatchedRing()
    got = []
    reader = threading.Thread(target=lambda: got.append(ring.cursor(0).read(30, timeout=20)))
    reader.start()
    assert ring.waiting.wait(20)
    for _ in range(2):
        ring.write(np.ones(10, np.int16))
        while ring.looked.wait(0.05) and not got:  # it looks once more before it waits
            ring.looked.clear()
            assert not got
    ring.looked.clear()
    ring.write(np.ones(5, np.int16))
    assert not ring.looked.wait(0.05), "25 of 30 frames wake nobody"
    ring.write(np.ones(5, np.int16))
    reader.join(20)
    assert len(got[0]) == 30


class OvertakenRing(RingBuffer):
    """Its writer writes a whole lap, so many times, just before a block is copied."""

    def __init__(self, capacity, laps):
        super().__init__(capacity, 1)
        self.laps = laps

    def empty(self, n):
        if self.laps:
            self.laps -= 1
            self.write(np.full(self.capacity, self.laps, np.int16))
        return super().empty(n)


def test_what_is_overtaken_while_it_is_copied_is_lost_and_not_torn():
    ring = OvertakenRing(10, laps=2)
    cursor = ring.cursor(0)
    ring.write(np.full(10, 9, np.int16))
    assert cursor.take(10).tolist() == [0] * 10
    assert (cursor.position, cursor.lost) == (30, 20)


def test_a_waiting_reader_that_is_overtaken_reads_what_came_after():
    ring = OvertakenRing(10, laps=3)
    cursor = ring.cursor(0)
    ring.write(np.full(10, 9, np.int16))
    assert cursor.read(10, timeout=20).tolist() == [0] * 10
    assert cursor.lost == 30


async def test_a_waiting_coroutine_that_is_overtaken_reads_what_came_after():
    ring = OvertakenRing(10, laps=3)
    cursor = ring.cursor(0)
    ring.write(np.full(10, 9, np.int16))
    assert (await asyncio.wait_for(cursor.aread(10), 20)).tolist() == [0] * 10
    assert cursor.lost == 30


@pytest.mark.parametrize(("start", "gone"), [(0, 8), (10, 5), (14, 1), (15, 0)])
def test_a_copy_tells_how_much_of_it_was_overwritten(start, gone):
    ring = RingBuffer(10, 1)
    ring.write(np.arange(25, dtype=np.int16))
    out = np.full(8, -1, np.int16)
    assert ring.copy(start, out) == gone
    if not gone:
        assert out.tolist() == list(range(15, 23))


async def test_aread_returns_at_once_what_is_there_already():
    ring = RingBuffer(10, 1)
    cursor = ring.cursor()
    ring.write(np.arange(5, dtype=np.int16))
    reading = cursor.aread(5)
    with pytest.raises(StopIteration) as done:
        reading.send(None)
    assert done.value.value.tolist() == list(range(5))


def test_a_write_after_the_loop_of_a_reader_has_closed_is_harmless():
    ring = RingBuffer(10, 1)

    async def begin():
        reading = ring.cursor().aread(5)
        reading.send(None)  # it waits, and is never gone on with
        return reading

    reading = asyncio.run(begin())
    assert ring.write(np.arange(5, dtype=np.int16)) == 5
    reading.close()


def test_a_waker_that_was_removed_is_not_called():
    ring = RingBuffer(10, 1)

    def waker():
        raise AssertionError("it was removed")

    ring.add_waker(waker)
    ring.remove_waker(waker)
    assert ring.write(np.zeros(1, np.int16)) == 1
