"""What is under way between microphone and loudspeaker, told block by block."""

import pytest

from device.audio.card.balance import WINDOW, Balance

BLOCK = 160
USUAL = 640


class Card:
    """Obeys, and has `excess` frames more under way than usual, measured with some jitter, or wrongly."""

    def __init__(self):
        self.balance = Balance(BLOCK, USUAL - 100)
        self.excess = 0
        self.moves = []

    def run(self, blocks, *, quiet=False, jitter=0, drift=0.0, wrong=(0, 0)):
        start = len(self.moves)
        for n in range(blocks):
            self.excess += drift
            measure = USUAL + round(self.excess) + jitter * (n % 3 - 1)
            move = self.balance.next(measure + wrong[0], measure + 470 + wrong[1], quiet=quiet)
            self.excess += {"hear": -BLOCK, "pad": BLOCK, "exchange": 0}[move]
            self.moves.append(move)
        return self.moves[start:]


@pytest.fixture
def card():
    made = Card()
    made.run(WINDOW)
    return made


@pytest.mark.parametrize("jitter", [0, 20, 60])
def test_in_balance_every_block_is_exchanged(card, jitter):
    assert set(card.run(2000, quiet=True, jitter=jitter)) == {"exchange"}


@pytest.mark.parametrize("blocks", [1, 2, 10])
@pytest.mark.parametrize("quiet", [True, False])
def test_what_is_too_much_is_taken_out_whatever_is_played(card, blocks, quiet):
    card.run(5)
    card.excess = blocks * BLOCK
    moves = card.run(100, quiet=quiet)
    assert moves.count("hear") == blocks
    assert "hear" not in moves[2 * WINDOW + blocks :]
    assert card.excess == 0


@pytest.mark.parametrize("wrong", [(BLOCK, 0), (0, BLOCK), (0, 5 * BLOCK), (-BLOCK, 0), (0, -3 * BLOCK)])
def test_what_one_measure_says_alone_is_not_so(card, wrong):
    assert set(card.run(500, quiet=True, wrong=wrong)) == {"exchange"}


def test_what_is_too_little_is_put_in_while_nothing_is_played(card):
    card.excess = -BLOCK
    assert set(card.run(200)) == {"exchange"}
    assert card.run(200, quiet=True).count("pad") == 1
    assert card.excess == 0


def test_what_is_far_too_little_is_put_in_whatever_is_played(card):
    card.excess = -2 * BLOCK
    assert card.run(200).count("pad") == 2
    assert card.excess == 0


@pytest.mark.parametrize("drift", [0.5, -0.5])
def test_clocks_of_their_own_are_kept_within_a_block(card, drift):
    for _ in range(100):
        card.run(100, quiet=True, drift=drift)
        assert abs(card.excess) < BLOCK


@pytest.mark.parametrize("steps", [2, -2])
def test_what_shall_be_under_way_may_change(card, steps):
    card.balance.change(steps * BLOCK)
    card.run(200, quiet=True)
    assert card.excess == steps * BLOCK


def test_after_a_restart_there_shall_be_as_much_as_before(card):
    card.run(100)
    card.balance.restart()
    card.excess = BLOCK
    card.run(WINDOW + 1)
    assert card.excess == 0


def test_a_moment_s_measure_moves_nothing(card):
    for _ in range(20):
        card.run(10)
        card.run(10, wrong=(3 * BLOCK, 3 * BLOCK))
    assert set(card.moves) == {"exchange"}


def test_less_than_was_written_is_not_taken_for_usual():
    balance = Balance(BLOCK, USUAL)
    moves = [balance.next(USUAL - 2 * BLOCK, USUAL - 2 * BLOCK, quiet=True) for _ in range(2 * WINDOW + 2)]
    assert moves[-2:] == ["pad", "pad"]
