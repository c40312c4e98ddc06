import os

import numpy as np
import pytest

from device.audio.card.base import Card
from device.audio.card.board import Board
from device.audio.card.link import Cut, Finish, Lower, Play, Restore, Sound, Volume
from device.audio.card.published import KINDS, Published, lines
from device.audio.playout import Note
from device.conversation.events import Heard

RATE = 16_000
BLOCK = RATE // 100


@pytest.fixture
def board():
    files = Board.make(RATE, 2)
    yield Board(*files, RATE, 2)
    for file in files:
        os.close(file)


@pytest.fixture
def card():
    return Card(RATE)


@pytest.fixture
def published(card, board):
    return Published(card, board, prebuffer_ms=0, volume=1.0)


def rendered(published, blocks=1):
    out = np.zeros(BLOCK, np.int16)
    for n in range(blocks):
        published.render(out, n * BLOCK)
    return out


def sound(blocks, level=1000):
    return np.full(blocks * BLOCK, level, np.int16).tobytes()


def test_what_is_played_is_on_the_board_with_the_block(published, board):
    assert board.playing.get() == (0, 0, 0, 0)
    published.obey(Play(7, sound(3)))
    assert rendered(published).tolist() == [1000] * BLOCK
    assert board.playing.get() == (7, 7, 10, 0)
    assert board.notes(0)[0] == [[KINDS.index("started"), 0, 7, 0, 0, 0]]
    published.obey(Finish(7))
    rendered(published, 2)
    assert board.playing.get() == (7, 7, 30, 1)
    rendered(published)
    assert board.playing.get() == (0, 7, 0, 0)
    assert board.notes(1)[0] == [[KINDS.index("done"), 0, 7, 30, 1, 0]]


def test_orders_are_obeyed(published, board):
    published.obey(Volume(0.5))
    published.obey(Play(1, sound(100)))
    rendered(published, 20)
    assert rendered(published)[-1] == 250
    published.obey(Lower(-20.0, hold=False))
    assert rendered(published, 3)[-1] == 25
    published.obey(Restore())
    assert rendered(published, 5)[-1] == 250
    published.obey(Lower(-20.0, hold=True))
    assert rendered(published, 10)[-1] == 0
    published.obey(Restore())
    assert rendered(published, 10)[-1] == 250
    published.obey(Cut(10))
    assert rendered(published, 2)[-1] == 0
    assert board.playing.get()[0] == 0
    published.obey(Sound(sound(2, 400), repeat=True))
    assert rendered(published, 9)[-1] == 100
    published.obey(Sound(b"", repeat=False))
    assert rendered(published)[-1] == 0


def test_the_card_is_deaf_at_once_and_what_it_counts_is_told(published, board, card):
    card.output_latency, card.xruns.overruns, card.xruns.underruns = 320, 1, 2
    board.deaf = True
    rendered(published)
    assert card.deaf
    assert (board.output_latency, board.xruns) == (320, (1, 2))
    board.deaf = False
    rendered(published)
    assert not card.deaf
    board.deaf = True
    published.skip(BLOCK)  # for blocks that are only heard it is asked for nothing else
    assert card.deaf


def test_time_that_passes_unheard_is_told_too(published, board, card):
    card.output_latency = 2 * BLOCK
    published.obey(Play(1, sound(3)))
    rendered(published, 2)
    assert board.playing.get() == (1, 1, 0, 0)
    published.skip(2 * BLOCK)
    assert board.playing.get() == (1, 1, 20, 0)


def test_a_note_has_a_line_for_each_of_its_items():
    cut = KINDS.index("cut")
    assert lines(Note("cut", 5, ())) == [(cut, 5, 0, 0, 0, 0)]
    assert lines(Note("cut", 5, (Heard("1", 10, whole=True), Heard("2", 0, whole=False)))) == [
        (cut, 5, 1, 10, True, True),
        (cut, 5, 2, 0, False, False),
    ]
