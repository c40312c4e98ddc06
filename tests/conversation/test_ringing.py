"""Ringing by itself; who ends it is in test_machine."""

from device.conversation.actions import Ring
from device.conversation.ringing import ALARM_LIMIT, LIMIT, Ringing


def test_it_rings_once_for_all_timers_until_it_is_stopped():
    ringing = Ringing()
    assert ringing.begin(0) == [Ring(on=True)]
    assert ringing.on
    assert ringing.begin(5) == []
    assert ringing.stop() == [Ring(on=False)]
    assert not ringing.on
    assert ringing.stop() == []


def test_it_ends_by_itself_some_time_after_the_last_timer():
    ringing = Ringing()
    assert ringing.tick(LIMIT) == []
    ringing.begin(0)
    ringing.begin(5)
    assert ringing.tick(LIMIT) == []
    assert ringing.tick(5 + LIMIT) == [Ring(on=False)]
    assert ringing.tick(9 * LIMIT) == []


def test_an_alarm_rings_for_longer_than_a_timer_that_comes_meanwhile():
    ringing = Ringing()
    assert ringing.begin(0, ALARM_LIMIT) == [Ring(on=True)]
    assert ringing.begin(5) == []
    assert ringing.tick(ALARM_LIMIT - 1) == []
    assert ringing.tick(ALARM_LIMIT) == [Ring(on=False)]
    assert ringing.begin(ALARM_LIMIT) == [Ring(on=True)], "and not for what is over"
    assert ringing.tick(ALARM_LIMIT + LIMIT) == [Ring(on=False)]


def test_all_that_is_to_be_said_of_it_is_said():
    ringing = Ringing()
    assert ringing.begin(0, ALARM_LIMIT, "Tea.") == [Ring(on=True, says="Tea.")]
    assert ringing.begin(1) == []
    assert ringing.begin(2, ALARM_LIMIT, "Run.") == [Ring(on=True, says="Tea. Run.")]
    for n in range(50):
        (ring,) = ringing.begin(n, ALARM_LIMIT, "x" * 400) or [Ring(on=True)]
    assert len(ring.says) <= 1000
    ringing.stop()
    assert ringing.begin(9, ALARM_LIMIT, "Run.") == [Ring(on=True, says="Run.")]
