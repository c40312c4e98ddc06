"""What an engine shows of having heard, and how long it may show nothing; what follows is in test_engine_events."""

import pytest

from device.conversation.attention import BELIEVED, ENOUGH_MS, WEIGHS, Attention
from device.conversation.timeouts import SILENT, THINKING_LIMIT
from device.conversation.user_turn import Owed

END = 50_000
OWED = Owed(40_000, END, ENOUGH_MS)


@pytest.fixture
def attention():
    attention = Attention()
    attention.opened(1000)
    return attention


@pytest.mark.parametrize("alone", [True, False])
def test_an_engine_that_shows_nothing_is_given_up_after_a_while(attention, alone):
    assert attention.unheard(OWED, "box", END + SILENT - 1, alone=alone) is None
    found = attention.unheard(OWED, "box", END + SILENT, alone=alone)
    assert found is not None
    assert not found.noticed
    assert "box" in found.message


@pytest.mark.parametrize(("alone", "limit"), [(False, WEIGHS), (True, THINKING_LIMIT)])
def test_one_that_heard_the_voice_begin_may_weigh_for_longer(attention, alone, limit):
    attention.hears(OWED.start + 100, speech=True)
    assert attention.unheard(OWED, "box", END + limit - 1, alone=alone) is None
    found = attention.unheard(OWED, "box", END + limit, alone=alone)
    assert found is not None
    assert found.noticed


def test_what_it_heard_before_says_nothing_of_this(attention):
    attention.notices(OWED.start - 1)
    assert attention.unheard(OWED, "box", END + SILENT, alone=False) is not None


def test_a_cough_may_be_missed(attention):
    assert attention.unheard(Owed(40_000, END, ENOUGH_MS - 1), "box", END + 10 * SILENT, alone=True) is None


def test_the_next_session_has_its_own_time(attention):
    attention.notices(END)
    attention.opened(END + SILENT)
    assert attention.unheard(OWED, "box", END + 2 * SILENT - 1, alone=False) is None
    assert attention.unheard(OWED, "box", END + 2 * SILENT, alone=False) is not None


def test_each_engine_is_asked_once_for_the_same_words(attention):
    left = frozenset({"a", "b"})
    assert attention.asked("a", left)
    assert not attention.asked("b", left)
    attention.begin()
    assert attention.asked("b", left)


def test_a_voice_that_only_the_engine_hears_is_not_believed_for_ever(attention):
    assert not attention.mishears(BELIEVED)
    attention.hears(2000, speech=True)
    assert not attention.mishears(1999 + BELIEVED)
    assert attention.mishears(2000 + BELIEVED)
    attention.hears(3000, speech=False)
    assert not attention.mishears(2 * BELIEVED)
