import numpy as np
from support.loudspeaker import RATE, Loudspeaker, queue, told

from device.audio.playout import MOST_PREBUFFER_MS, Playout
from device.conversation.events import Heard

TONE = (np.ones(RATE) * 10_000).astype(np.int16)  # a constant shows gain as level


def test_silence_when_there_is_nothing(card, playout):
    assert not card.run(50).any()
    assert playout.notes() == []


def test_at_rest_a_block_costs_nothing_and_the_next_item_is_at_the_volume_of_now():
    asked = []
    playout = Playout(RATE, prebuffer_ms=0, latency=lambda: len(asked.append(1) or []))
    card = Loudspeaker(playout)
    card.run(100)
    assert len(asked) <= 1, "there is nothing to be counted"
    playout.volume = 0.5
    card.run(50)
    queue(playout, "a", 30)
    playout.finish("a")
    assert (card.run(30) == 2_500).all()
    card.run(100)
    playout.sound(TONE[: 16 * 20])
    assert (card.run(20) == 2_500).all()
    card.run(50)
    playout.cut(30)
    card.run(20)
    assert [kind for kind, *_ in told(playout)] == ["started", "done", "cut"]
    before = len(asked)
    card.run(100)
    assert len(asked) <= before + 1


def test_items_follow_each_other_without_a_gap_and_are_counted(card, playout):
    queue(playout, "a", 100)
    playout.finish("a")
    queue(playout, "b", 55, level=-5000)
    playout.finish("b")
    card.run(200)
    assert (card.track[: 16 * 100] == 10_000).all()
    assert (card.track[16 * 100 : 16 * 155] == -5000).all()
    assert not card.track[16 * 155 :].any()
    assert told(playout) == [
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
    assert Loudspeaker(short).run(10).all()


def test_a_starved_reply_waits_for_more_than_before_and_loses_nothing(card, playout):
    queue(playout, "a", 50)
    card.run(80)
    queue(playout, "a", 70)
    assert not card.run(20).any()
    queue(playout, "a", 10)
    assert (card.run(80) == 10_000).all()
    card.run(10)
    assert [k[0] for k in told(playout)] == ["started", "starved", "starved"]
    for _ in range(9):
        queue(playout, "a", MOST_PREBUFFER_MS)
        assert (card.run(MOST_PREBUFFER_MS) == 10_000).all(), "the wait does not grow without bound"
        card.run(10)


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
    assert told(playout)[-1] == ("cut", 16 * 130, ("a", 130, False), ("b", 0, False))
    # What comes next is at its full level from its first sample.
    queue(playout, "c", 100)
    assert (card.run(100) == 10_000).all()


def test_a_cut_with_nothing_queued_is_told_of_too(card, playout):
    playout.cut(30)
    card.run(10)
    assert told(playout) == [("cut", 0)]


def test_what_comes_of_an_item_after_its_cut_is_another_item(card, playout):
    queue(playout, "a", 100)
    card.run(50)
    playout.cut(10)
    queue(playout, "a", 100, level=3)
    assert playout.heard("a") == Heard("a", 0, whole=False)
    card.run(10)
    assert told(playout)[-1][2] == ("a", 60, False)


def test_heard_subtracts_the_latency_of_the_card():
    playout = Playout(RATE, latency=lambda: 16 * 20)
    card = Loudspeaker(playout)
    queue(playout, "a", 500)
    card.run(10)
    assert playout.heard("a") == Heard("a", 0, whole=False)
    card.run(90)
    assert playout.heard("a") == Heard("a", 80, whole=False)
    assert playout.heard("b") is None
    assert told(playout)[0][:2] == ("started", 16 * 20)


def test_what_is_being_played_is_told_without_its_name(card, playout):
    assert playout.playing is None
    queue(playout, "a", 50)
    playout.finish("a")
    queue(playout, "b", 500)
    card.run(30)
    assert playout.playing == Heard("a", 30, whole=False)
    card.run(50)
    assert playout.playing == Heard("b", 30, whole=False)


def test_to_finish_an_item_twice_or_one_that_is_gone_changes_nothing(card, playout):
    queue(playout, "a", 50)
    for _ in range(2):
        playout.finish("a")
    playout.finish("never queued")
    card.run(100)
    assert told(playout)[-1] == ("done", 800, ("a", 50, True))


def test_a_second_cut_while_the_first_fades_is_one_cut(card, playout):
    queue(playout, "a", 500)
    card.run(100)
    playout.cut(200)
    card.run(20)
    queue(playout, "b", 500)
    playout.cut(10)
    card.run(20)
    assert [k for k in told(playout) if k[0] == "cut"] == [("cut", 16 * 130, ("a", 130, False), ("b", 0, False))]


def test_a_cut_that_comes_while_the_one_before_ends_is_not_lost():
    due = []

    def latency():  # asked in the middle of the block in which the first cut ends
        if due:
            due.pop()()
        return 0

    def cut_again():
        queue(playout, "b", 500)
        playout.cut(10)

    playout = Playout(RATE, latency=latency)
    card = Loudspeaker(playout)
    queue(playout, "a", 500)
    card.run(100)
    playout.cut(10)
    due.append(cut_again)
    card.run(50)
    assert [k[0] for k in told(playout)] == ["started", "cut", "cut"]
    queue(playout, "c", 100)
    assert (card.run(100) == 10_000).all(), "nothing of the others is left"


def test_audio_at_another_rate_keeps_its_length(card, playout):
    playout.play("a", TONE.tobytes()[: 2 * 2400], 24_000)
    playout.finish("a")
    card.run(300)
    heard = told(playout)[-1][2]
    assert abs(heard[1] - 100) <= 1
    assert heard[2] is True


def test_earcons_lie_over_the_reply_unducked_and_do_not_overflow(card, playout):
    queue(playout, "a", 500, level=30_000)
    card.run(50)
    playout.sound(np.full(RATE // 100, -8000, np.int16))
    assert (card.run(10) == 22_000).all()
    playout.duck(-20)
    card.run(10)
    card.run(30)
    playout.sound(np.full(RATE // 10, 8000, np.int16))
    assert (card.run(100) == 8000).all()
    assert not card.run(20).any()
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
