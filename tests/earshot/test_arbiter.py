import numpy as np
import pytest
from support.group import Group

from device.earshot.arbiter import SAME_S, WINDOW_S


def test_whoever_is_alone_answers_at_once():
    group = Group(-30.0)
    (one,) = group.members
    at = group.now
    one.wake()
    assert one.verdicts == [(at, "answer")]


def test_of_two_that_are_woken_the_nearer_answers_within_a_round_trip():
    group = Group(-30.0, -40.0)
    at = group.now
    for member in group.members:
        member.wake()
    group.pass_by(1.0)
    near, far = group.members
    assert [verdict for _, verdict in near.verdicts] == ["answer"]
    assert near.verdicts[0][0] - at < 0.01
    assert [verdict for _, verdict in far.verdicts] == ["yield"]


def test_a_tie_is_broken_in_the_same_way_by_all():
    for seed in range(20):
        group = Group(-30.0, -30.0, -30.0, seed=seed)
        for member in group.members:
            member.wake()
        group.pass_by(1.0)
        assert group.answering == [2]  # whose tag is the highest


def test_one_that_was_not_woken_says_so_and_keeps_the_other_waiting_no_longer():
    group = Group(-40.0, -50.0)
    one, other = group.members
    at = group.now
    one.wake()
    group.pass_by(1.0)
    assert one.verdicts[0][0] - at < 0.01
    assert other.verdicts == []


def test_a_nearer_one_that_may_still_be_woken_is_waited_for_until_the_window_is_over():
    group = Group(-50.0, -40.0)
    one, other = group.members
    at = group.now
    one.wake()
    group.pass_by(0.08)
    assert one.verdicts == []
    other.wake()
    group.pass_by(1.0)
    assert group.answering == [1]
    assert other.verdicts == [(pytest.approx(at + 0.08), "answer")]

    group = Group(-50.0, -40.0)
    one, other = group.members
    at = group.now
    one.wake()
    group.pass_by(1.0)
    assert one.verdicts == [(pytest.approx(at + WINDOW_S), "answer")]


def test_who_is_woken_when_it_is_decided_keeps_still_however_near():
    for late in (0.12, 0.2, 0.5, 1.0):
        group = Group(-50.0, -20.0)
        one, other = group.members
        one.wake()
        group.pass_by(late)
        other.wake()
        group.pass_by(2.0)
        assert group.answering == [0], late
        assert [verdict for _, verdict in other.verdicts] == ["yield"]


def test_who_said_that_it_would_not_does_not_change_its_mind():
    group = Group(-40.0, -45.0)
    one, other = group.members
    one.wake()
    group.pass_by(0.05)
    assert group.answering == [0]
    other.wake(-35.0)  # by the whole word
    group.pass_by(1.0)
    assert group.answering == [0]


def test_one_that_is_gone_is_waited_for_once():
    group = Group(-40.0, -20.0)
    one, other = group.members
    other.deaf = True
    at = group.now
    one.wake()
    group.pass_by(1.0)
    assert one.verdicts == [(pytest.approx(at + WINDOW_S), "answer")]
    one.talk(on=False)
    group.pass_by(3.0)
    at = group.now
    one.wake()
    assert one.verdicts[1:] == [(at, "answer")]


def test_the_word_said_again_decides_anew():
    group = Group(-30.0, -40.0)
    one, other = group.members
    for member in group.members:
        member.wake()
    group.pass_by(4.0)
    assert group.answering == [0]
    one.bid, other.bid = -45.0, -35.0  # somebody has walked over
    for member in group.members:
        member.wake()
    group.pass_by(2.0)
    assert group.answering == [1]


@pytest.mark.parametrize(("bid", "answers"), [(-45.0, [1]), (-35.0, [0])])
def test_one_that_is_woken_alone_takes_a_conversation_over_if_it_hears_better(bid, answers):
    group = Group(-30.0, -40.0)
    one, other = group.members
    one.wake()
    group.pass_by(4.0)
    assert group.answering == [0]
    one.bid = bid
    other.wake()
    group.pass_by(2.0)
    assert group.answering == answers


def test_nobody_is_woken_by_the_reply_of_another():
    group = Group(-30.0, -40.0)
    one, other = group.members
    one.wake()
    group.pass_by(4.0)
    one.bid, one.own = -90.0, True  # its own voice is cancelled
    other.wake()
    group.pass_by(2.0)
    assert group.answering == [0]
    assert [verdict for _, verdict in other.verdicts] == ["yield"]


def test_the_button_wins_and_ends_what_others_talk_about():
    group = Group(-20.0, -40.0, -50.0)
    one, other, third = group.members
    at = group.now
    one.wake()
    other.wake(by_hand=True)
    assert other.verdicts == [(at, "answer")]
    group.pass_by(3.0)
    assert group.answering == [1]
    third.wake(by_hand=True)
    group.pass_by(1.0)
    assert group.answering == [2]


def test_a_conversation_that_nobody_was_woken_for_ends_others_as_well():
    group = Group(-20.0, -40.0)
    one, other = group.members
    one.wake()
    group.pass_by(3.0)
    other.talk(on=True)
    group.pass_by(1.0)
    assert group.answering == [1]


def test_what_was_overheard_is_made_good():
    group = Group(-30.0, -40.0)
    near, far = group.members
    near.deaf = True  # for as long as it takes to decide
    near.wake()
    far.wake()
    group.pass_by(WINDOW_S)
    assert group.answering == [0, 1]
    near.deaf = False
    group.pass_by(1.0)
    assert group.answering == [0]


@pytest.mark.parametrize(
    ("lost", "delay_s", "once"), [(0.0, (0.001, 0.003), 1.0), (0.2, (0.0, 0.04), 0.97), (0.4, (0.0, 0.08), 0.85)]
)
@pytest.mark.parametrize("count", [2, 3, 5])
def test_exactly_one_answers_whatever_gets_lost(count, lost, delay_s, once):
    first_only = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        group = Group(*rng.uniform(-60, -20, count), lost=lost, delay_s=delay_s, seed=seed)
        woken = [member for member in group.members if rng.random() < 0.9] or group.members[:1]
        for member in woken:
            group.after(rng.choice([0.0, 0.08, 0.16, 0.24]) + rng.uniform(0, 0.02), member.wake)
        group.pass_by(SAME_S + 1.5)
        assert len(group.answering) == 1, seed
        first_only += sum(any(verdict == "answer" for _, verdict in member.verdicts) for member in group.members) == 1
    assert first_only >= once * 60


def test_who_hears_only_that_another_answers_keeps_still():
    group = Group(-40.0, -20.0)
    one, other = group.members
    other.deaf = True
    one.wake()
    group.pass_by(WINDOW_S + 0.2)
    other.deaf = False
    group.pass_by(0.5)
    other.wake()
    group.pass_by(1.0)
    assert group.answering == [0]
