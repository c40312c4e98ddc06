import os

import numpy as np
import pytest

from device.audio.card.board import LINES, NOTE, Board, Slot
from device.audio.gaps import KEPT

RATE, SECONDS = 16_000, 2


@pytest.fixture
def boards():
    """Two sides of a board."""
    files = Board.make(RATE, SECONDS)
    yield Board(*files, RATE, SECONDS), Board(*files, RATE, SECONDS)
    for file in files:
        os.close(file)


def test_what_one_side_writes_the_other_reads(boards):
    card, daemon = boards
    card.writes = True
    card.mic.write(np.full(160, 7, np.int16))
    card.reference.write(np.full(160, 8, np.int16))
    card.output_latency = 640
    card.xruns = 3, 4
    daemon.deaf = True
    daemon.beat += 1
    assert daemon.mic.cursor(0).take(160).tolist() == [7] * 160
    assert daemon.reference.cursor(0).take(160).tolist() == [8] * 160
    assert (daemon.output_latency, daemon.xruns) == (640, (3, 4))
    assert (card.deaf, card.beat) == (True, 1)
    assert not daemon.writes


def test_the_rings_are_as_long_as_they_should_be(boards):
    card, _ = boards
    assert (card.mic.capacity, card.reference.capacity) == (RATE * SECONDS, RATE * 5)


def test_of_gaps_the_last_are_known(boards):
    card, daemon = boards
    assert daemon.gaps.last is None
    for n in range(KEPT + 3):
        card.gaps.add(100 * n, 100 * n + 50)
        assert daemon.gaps.last == (100 * n, 100 * n + 50)
    assert len(daemon.gaps.since(0)) == KEPT
    assert daemon.gaps.since(100 * (KEPT + 2)) == ((100 * (KEPT + 2), 100 * (KEPT + 2) + 50),)
    assert daemon.gaps.touch(100 * KEPT + 40, 100 * KEPT + 60)
    assert not daemon.gaps.touch(100 * KEPT + 50, 100 * KEPT + 60)


def test_notes_are_read_once_and_the_oldest_go_first(boards):
    card, daemon = boards
    assert daemon.notes(0) == ([], 0)
    card.note([(1,) * NOTE, (2,) * NOTE])
    assert daemon.notes(0) == ([[1] * NOTE, [2] * NOTE], 2)
    assert daemon.notes(2) == ([], 2)
    for n in range(LINES + 1):
        card.note([(n,) * NOTE])
    found, written = daemon.notes(2)
    assert (found[0][0], found[-1][0], len(found), written) == (1, LINES, LINES, LINES + 3)


def test_numbers_that_belong_together_are_read_together():
    words = memoryview(bytearray(8 * 4)).cast("q")
    writer, reader = Slot(words), Slot(words)
    assert reader.get() == (0, 0, 0)
    writer.put((1, 2, 3))
    assert reader.get() == (1, 2, 3)
    writer.put((4,))
    assert reader.get() == (4, 0, 0)


def test_who_comes_upon_a_writer_that_was_killed_goes_on_with_what_it_knew():
    words = memoryview(bytearray(8 * 3)).cast("q")
    writer, reader = Slot(words), Slot(words)
    writer.put((1, 2))
    assert reader.get() == (1, 2)
    words[0] += 1  # it had begun
    words[1] = 5
    assert reader.get() == (1, 2)
    Slot(words).put((6, 7))  # its successor
    assert reader.get() == (6, 7)


def test_a_tape_given_up_is_still_there(boards):
    card, daemon = boards
    card.writes = True
    card.mic.write(np.full(RATE, 9, np.int16))
    card.forget()
    assert (daemon.mic.cursor(0).take(RATE) == 9).all()
    card.mic.write(np.full(RATE, 10, np.int16))
    assert (card.mic.cursor(0).take(2 * RATE) == np.repeat([9, 10], RATE)).all()
