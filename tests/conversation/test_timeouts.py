"""Waiting by itself; what is done when it is over is in test_machine."""

import pytest

from device.conversation.timeouts import GREET_AFTER, LULL, SILENT, THINKING_LIMIT, UNANSWERED_LIMIT, Timeouts
from device.sample_clock import samples


@pytest.fixture
def timeouts():
    timeouts = Timeouts(8000)
    timeouts.begin(1000)
    return timeouts


def test_silence_ends_a_conversation_unless_somebody_is_active(timeouts):
    end = 1000 + samples(8000)
    assert timeouts.over(end - 1, quiet=True) == ""
    assert timeouts.over(end, quiet=True) == "silence"
    assert timeouts.over(end, quiet=False) == ""
    timeouts.active(end - 1)
    assert timeouts.over(end, quiet=True) == ""


def test_talk_without_an_exchange_ends_a_conversation_though_it_goes_on(timeouts):
    end = 1000 + UNANSWERED_LIMIT
    timeouts.active(end - 1)
    assert timeouts.over(end - 1, quiet=False) == ""
    assert "not meant" in timeouts.over(end, quiet=False)
    timeouts.exchanged(5000)
    assert timeouts.over(end, quiet=False) == ""


def test_a_lull_is_counted_from_the_last_sound_or_from_when_the_user_is_heard(timeouts):
    assert not timeouts.lull(999 + LULL)
    assert timeouts.lull(1000 + LULL)
    timeouts.opened(500)
    assert timeouts.lull(1000 + LULL), "they were heard before"
    timeouts.opened(1500)
    assert not timeouts.lull(1000 + LULL)


def test_who_was_asked_hesitates_only_after_a_moment(timeouts):
    timeouts.active(1200)
    assert not timeouts.hesitates(999 + GREET_AFTER)
    assert timeouts.hesitates(1000 + GREET_AFTER)


def test_an_engine_that_thinks_has_longer_than_another_would_need(timeouts):
    timeouts.thinks(2000)
    assert not timeouts.wants_another(1999 + SILENT)
    assert timeouts.wants_another(2000 + SILENT)
    assert not timeouts.at_an_end(1999 + THINKING_LIMIT)
    assert timeouts.at_an_end(2000 + THINKING_LIMIT)
