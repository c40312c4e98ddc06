"""Ringing by itself; who ends it is in test_machine."""

from device.conversation.actions import Ring
from device.conversation.ringing import LIMIT, Ringing


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
