"""A ring between processes: a child writes, this one reads."""

import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from device.audio.shared_ring import NEW, NOBODY, WORDS, Fence, SharedRing

RATE, FRAMES = 1000, 4000
SIZE = 4096 + 2 * FRAMES
ROOT = Path(__file__).parents[2]


def over(memory, bell):
    """Return the words and the ring of a process that has mapped `memory`."""
    view = memoryview(mmap.mmap(memory, SIZE))
    words = view[: 8 * WORDS].cast("q")
    return words, SharedRing(RATE, words, view[4096:SIZE], bell)


@pytest.fixture
def memory():
    file = os.memfd_create("test")
    os.ftruncate(file, SIZE)
    words = memoryview(mmap.mmap(file, SIZE))[: 8 * WORDS].cast("q")
    for n, value in enumerate(NEW):
        words[n] = value
    yield file
    os.close(file)


@pytest.fixture
def bell():
    file = os.eventfd(0, os.EFD_NONBLOCK)
    yield file
    os.close(file)


WRITER = """
import sys
import time

import numpy as np

from tests.audio.test_shared_ring import over

_, ring = over(int(sys.argv[1]), int(sys.argv[2]))
ring.writes = True
for n in range(int(sys.argv[3])):
    ring.write(np.arange(n * 10, n * 10 + 10).astype(np.int16))
    if n % 10 == 9:
        time.sleep(0.001)
"""


def writing(memory, bell, blocks):
    command = [sys.executable, "-c", WRITER, str(memory), str(bell), str(blocks)]
    return subprocess.Popen(command, pass_fds=(memory, bell), cwd=ROOT)


def test_another_process_s_frames_come_whole_and_in_order(memory, bell):
    _, ring = over(memory, bell)
    cursor = ring.cursor(0)
    with writing(memory, bell, 3000) as process:
        expected = 0
        while expected < 30_000:
            block = cursor.read(70, 30) if 30_000 - expected >= 70 else cursor.read(30_000 - expected, 30)
            assert block is not None
            start = cursor.position - len(block)
            assert start == expected or cursor.lost > 0
            assert (block == np.arange(start, cursor.position).astype(np.int16)).all(), "torn"
            expected = cursor.position
    assert process.returncode == 0
    assert ring.position == 30_000


def test_a_reader_is_woken_when_all_is_there_and_not_before(memory, bell):
    _, ring = over(memory, bell)
    words, writer = over(memory, bell)
    writer.writes = True
    read = []
    thread = threading.Thread(target=lambda: read.append(ring.cursor(0).read(30, 10)))
    thread.start()
    while words[2] != 30:
        time.sleep(0.001)
    writer.write(np.ones(20, np.int16))
    with pytest.raises(BlockingIOError):  # nobody rang
        os.eventfd_read(bell)
    assert thread.is_alive()
    writer.write(np.ones(10, np.int16))
    thread.join(10)
    assert read[0].tolist() == [1] * 30
    assert words[2] == NOBODY


def test_who_waits_in_vain_gives_up_in_time(memory, bell):
    words, ring = over(memory, bell)
    began = time.monotonic()
    assert ring.cursor(0).read(10, 0.05) is None
    assert 0.05 <= time.monotonic() - began < 5
    assert words[2] == NOBODY, "nobody is rung for in vain"


def test_nobody_is_woken_while_nobody_waits(memory, bell):
    _, ring = over(memory, bell)
    ring.writes = True
    ring.write(np.ones(10, np.int16))
    with pytest.raises(BlockingIOError):
        os.eventfd_read(bell)
    assert ring.cursor(0).read(10, 0).tolist() == [1] * 10


def test_what_is_not_the_writer_writes_nothing(memory, bell):
    _, ring = over(memory, bell)
    assert ring.write(np.ones(10, np.int16)) == 0
    assert ring.position == 0


def test_the_next_writer_goes_on_where_the_last_one_was(memory, bell):
    (_, first), (_, second) = over(memory, bell), over(memory, bell)
    first.writes = True
    first.write(np.full(10, 1, np.int16))
    first.writes, second.writes = False, True
    assert second.write(np.full(10, 2, np.int16)) == 20
    assert first.cursor(0).take(20).tolist() == [1] * 10 + [2] * 10


def test_frames_that_are_overwritten_are_counted_as_lost(memory, bell):
    _, ring = over(memory, bell)
    ring.writes = True
    cursor = ring.cursor(0)
    ring.write(np.zeros(FRAMES, np.int16))
    ring.write(np.ones(100, np.int16))
    assert len(cursor.take(FRAMES)) == FRAMES
    assert cursor.lost == 100
    assert ring.oldest == 100


def test_no_waker_is_promised_to_be_called(memory, bell):
    _, ring = over(memory, bell)
    with pytest.raises(TypeError):
        ring.add_waker(print)


def test_a_fence_may_be_passed_by_many():
    fence = Fence()
    threads = [threading.Thread(target=lambda: [fence() for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
