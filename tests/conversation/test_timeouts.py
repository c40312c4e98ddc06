"""Waiting by itself; what is done when it is over is in test_conversation."""

import pytest

from device.conversation.timeouts import GREET_AFTER, LULL, SILENT, THINKING_LIMIT, UNANSWERED_LIMIT, Timeouts
from device.sample_clock import samples


@pytest.fixture
def patience():
    patience = Timeouts(8000)
    patience.begin(1000)
    return patience


def test_silence_ends_a_conversation_unless_somebody_stirs(patience):
    end = 1000 + samples(8000)
    assert patience.over(end - 1, quiet=True) == ""
    assert patience.over(end, quiet=True) == "silence"
    assert patience.over(end, quiet=False) == ""
    patience.stirred(end - 1)
    assert patience.over(end, quiet=True) == ""


def test_talk_without_an_exchange_ends_a_conversation_though_it_goes_on(patience):
    end = 1000 + UNANSWERED_LIMIT
    patience.stirred(end - 1)
    assert patience.over(end - 1, quiet=False) == ""
    assert "not meant" in patience.over(end, quiet=False)
    patience.exchanged(5000)
    assert patience.over(end, quiet=False) == ""


def test_a_lull_is_counted_from_the_last_sound_or_from_when_the_user_is_heard(patience):
    assert not patience.lull(999 + LULL)
    assert patience.lull(1000 + LULL)
    patience.opened(500)
    assert patience.lull(1000 + LULL), "they were heard before"
    patience.opened(1500)
    assert not patience.lull(1000 + LULL)


def test_who_was_asked_hesitates_only_after_a_moment(patience):
    patience.stirred(1200)
    assert not patience.hesitates(999 + GREET_AFTER)
    assert patience.hesitates(1000 + GREET_AFTER)


def test_an_engine_that_thinks_has_longer_than_another_would_need(patience):
    patience.thinks(2000)
    assert not patience.wants_another(1999 + SILENT)
    assert patience.wants_another(2000 + SILENT)
    assert not patience.at_an_end(1999 + THINKING_LIMIT)
    assert patience.at_an_end(2000 + THINKING_LIMIT)
