import numpy as np
import pytest

from device.audio.playout import MOST_PREBUFFER_MS, Playout
from device.events import Heard

RATE = 16_000
BLOCK = RATE // 100
TONE = (np.ones(RATE) * 10_000).astype(np.int16)  # a constant shows gain as level


class Card:
    """Renders blocks and keeps them."""

    def __init__(self, playout):
        self.playout = playout
        self.track = np.zeros(0, np.int16)

    def run(self, ms):
        for _ in range(ms // 10):
            out = np.full(BLOCK, 77, np.int16)
            self.playout.render(out, len(self.track))
            self.track = np.concatenate((self.track, out))
        return self.track[-ms * RATE // 1000 :]


@pytest.fixture
def playout():
    return Playout(RATE, prebuffer_ms=40)


@pytest.fixture
def card(playout):
    return Card(playout)


def queue(playout, item, ms, level=10_000):
    playout.play(item, (np.ones(RATE * ms // 1000) * level).astype(np.int16).tobytes(), RATE)


def kinds(playout):
    return [(n.kind, n.frame, *((h.item, h.ms, h.whole) for h in n.heard)) for n in playout.notes()]


def test_silence_when_there_is_nothing(card, playout):
    assert not card.run(50).any()
    assert playout.notes() == []


def test_items_follow_each_other_without_a_gap_and_are_counted(card, playout):
    queue(playout, "a", 100)
    playout.finish("a")
    queue(playout, "b", 55, level=-5000)
    playout.finish("b")
    card.run(200)
    assert (card.track[: 16 * 100] == 10_000).all()
    assert (card.track[16 * 100 : 16 * 155] == -5000).all()
    assert not card.track[16 * 155 :].any()
    assert kinds(playout) == [
        ("started", 0, ("a", 0, False)),
        ("done", 1600, ("a", 100, True)),
        ("started", 1600, ("b", 0, False)),
        ("done", 16 * 155, ("b", 55, True)),
    ]


def test_a_reply_waits_for_its_prebuffer_unless_it_is_complete(card, playout):
    queue(playout, "a", 30)
    assert not card.run(30).any()
    queue(playout, "a", 10)
    assert card.run(10).all()
    short = Playout(RATE, prebuffer_ms=40)
    queue(short, "s", 10)
    short.finish("s")
    assert Card(short).run(10).all()


def test_a_starved_reply_waits_for_more_than_before_and_loses_nothing(card, playout):
    queue(playout, "a", 50)
    card.run(80)
    queue(playout, "a", 70)
    assert not card.run(20).any()
    queue(playout, "a", 10)
    assert (card.run(80) == 10_000).all()
    card.run(10)
    assert [k[0] for k in kinds(playout)] == ["started", "starved", "starved"]
    for _ in range(9):
        queue(playout, "a", MOST_PREBUFFER_MS)
        assert (card.run(MOST_PREBUFFER_MS) == 10_000).all(), "the wait does not grow without bound"
        card.run(10)


def test_duck_is_20_db_down_within_20_ms_and_restore_brings_it_back(card, playout):
    queue(playout, "a", 500)
    card.run(50)
    playout.duck(-20)
    card.run(10)
    assert (np.abs(card.run(50) - 1000) <= 1).all()
    playout.restore()
    ramp = card.run(90).astype(int)
    assert (np.diff(ramp) >= 0).all()
    assert ramp[16 * 40] < 9000
    assert ramp[-1] == 10_000


def test_a_cut_fades_drops_the_queue_and_tells_what_was_heard(card, playout):
    queue(playout, "a", 500)
    queue(playout, "b", 500)
    card.run(100)
    playout.cut(30)
    fade = card.run(30).astype(int)
    assert (np.diff(fade) <= 0).all()
    assert fade[0] > 9900
    assert fade[-1] == 0
    assert not card.run(50).any()
    assert kinds(playout)[-1] == ("cut", 16 * 130, ("a", 130, False), ("b", 0, False))
    # What comes next is at its full level from its first sample.
    queue(playout, "c", 100)
    assert (card.run(100) == 10_000).all()


def test_a_cut_with_nothing_queued_is_told_of_too(card, playout):
    playout.cut(30)
    card.run(10)
    assert kinds(playout) == [("cut", 0)]


def test_what_comes_of_an_item_after_its_cut_is_another_item(card, playout):
    queue(playout, "a", 100)
    card.run(50)
    playout.cut(10)
    queue(playout, "a", 100, level=3)
    assert playout.heard("a") == Heard("a", 0, whole=False)
    card.run(10)
    assert kinds(playout)[-1][2] == ("a", 60, False)


def test_heard_subtracts_the_latency_of_the_card(card, playout):
    playout.latency = lambda: 16 * 20
    queue(playout, "a", 500)
    card.run(10)
    assert playout.heard("a") == Heard("a", 0, whole=False)
    card.run(90)
    assert playout.heard("a") == Heard("a", 80, whole=False)
    assert playout.heard("b") is None
    assert kinds(playout)[0][:2] == ("started", 16 * 20)


def test_audio_at_another_rate_keeps_its_length(card, playout):
    playout.play("a", TONE.tobytes()[: 2 * 2400], 24_000)
    playout.finish("a")
    card.run(300)
    heard = kinds(playout)[-1][2]
    assert abs(heard[1] - 100) <= 1
    assert heard[2] is True


def test_earcons_lie_over_the_reply_unducked_and_do_not_overflow(card, playout):
    queue(playout, "a", 500, level=30_000)
    card.run(50)
    playout.duck(-20)
    card.run(10)
    playout.sound(np.full(RATE // 10, 8000, np.int16))
    assert (np.abs(card.run(100) - 11_000) <= 1).all()
    assert (np.abs(card.run(20) - 3000) <= 1).all()
    playout.restore()
    card.run(100)
    playout.sound(np.full(RATE // 10, 8000, np.int16))
    assert (card.run(50) == 32_767).all()


def test_a_repeated_sound_goes_on_until_it_is_ended(card, playout):
    playout.sound(np.full(RATE // 50, 500, np.int16), repeat=True)
    assert (card.run(200) == 500).all()
    playout.sound(None)
    assert not card.run(20).any()


def test_volume_is_a_square_law_and_holds_for_all(card, playout):
    playout.volume = 0.5
    queue(playout, "a", 300)
    card.run(20)
    assert (np.abs(card.run(50) - 2500) <= 1).all()
    playout.volume = 7
    assert playout.volume == 1.0
