import numpy as np
import pytest

from device.audio.card.base import Card
from device.sample_clock import CLOCK_RATE


class Source:
    """Plays the position of each frame."""

    def __init__(self):
        self.positions = []
        self.skipped = []

    def render(self, out, position):
        self.positions.append(position)
        out[:] = np.arange(position, position + len(out))

    def skip(self, frames):
        self.skipped.append(frames)


class Puppet(Card):
    """A card whose blocks the test exchanges."""

    def open(self, source):
        self._source = source


def heard(card, at=0):
    return card.mic.cursor(at).take(card.mic.capacity).tolist()


def test_what_was_played_and_heard_at_once_has_one_position():
    card, source = Puppet(1000), Source()
    card.open(source)
    for level in (7, 8, 9):
        out = card.exchange(np.full(card.block, level, np.int16))
        assert out.tolist() == list(range(source.positions[-1], source.positions[-1] + card.block))
    assert source.positions == [0, 10, 20]
    assert heard(card) == [7] * 10 + [8] * 10 + [9] * 10
    assert card.reference.cursor(0).take(99).tolist() == list(range(30))


def test_the_reference_is_there_by_the_time_the_microphone_s_frame_is():
    card = Puppet(1000)
    card.open(Source())
    ahead = []
    card.mic.add_waker(lambda: ahead.append(card.reference.position - card.mic.position))
    for _ in range(5):
        card.exchange(bytes(2 * card.block))
    assert ahead == [0] * 5


def test_a_card_without_a_source_plays_silence():
    card = Puppet(16_000)
    assert not card.exchange(np.ones(card.block, np.int16)).any()
    assert card.mic.position == card.reference.position == card.block


def test_while_it_is_deaf_nothing_of_the_room_gets_any_further():
    card = Puppet(1000)
    for deaf in (False, True, False):
        card.deaf = deaf
        card.exchange(np.full(card.block, 5, np.int16))
    assert heard(card) == [5] * 10 + [0] * 10 + [5] * 10


@pytest.mark.parametrize("frames", [1, 10, 480, 1024])
def test_the_host_may_choose_another_block(frames):
    card, source = Puppet(48_000), Source()
    card.open(source)
    assert len(card.exchange(bytes(2 * frames))) == frames
    card.deaf = True
    assert len(card.exchange(np.ones(frames, np.int16))) == frames
    assert source.positions == [0, frames]
    assert heard(card) == [0] * 2 * frames


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_its_clock_counts_at_the_device_s_rate(rate):
    card = Puppet(rate)
    assert card.block == rate // 100
    assert card.now == 0
    for _ in range(100):
        card.exchange(bytes(2 * card.block))
    assert card.now == card.clock(rate) == CLOCK_RATE


def test_a_card_as_such_cannot_be_used():
    card = Card(16_000)
    for use in (lambda: card.name, lambda: card.open(Source()), card.close):
        with pytest.raises(NotImplementedError):
            use()
    card.on_presence(False)


def test_what_a_card_missed_is_silence_at_its_position_and_known_to_be_missing():
    card, source = Puppet(1000), Source()
    card.open(source)
    card.exchange(np.full(card.block, 7, np.int16))
    card.skip(25)
    card.exchange(np.full(card.block, 8, np.int16))
    assert heard(card) == [7] * 10 + [0] * 25 + [8] * 10
    assert card.reference.cursor(0).take(99).tolist() == [*range(10), *[0] * 25, *range(35, 45)]
    assert source.positions == [0, 35]
    assert source.skipped == [25]
    assert card.gaps.since(0) == ((10, 35),)


def test_what_is_heard_while_nothing_is_asked_from_the_source_stands_beside_silence():
    card, source = Puppet(1000), Source()
    card.open(source)
    card.exchange(np.full(card.block, 7, np.int16))
    card.hear(np.full(card.block, 8, np.int16))
    card.deaf = True
    card.hear(np.full(card.block, 9, np.int16))
    assert heard(card) == [7] * 10 + [8] * 10 + [0] * 10
    assert card.reference.cursor(0).take(99).tolist() == [*range(10), *[0] * 20]
    assert (source.positions, source.skipped) == ([0], [10, 10])
    assert card.gaps.last is None
