"""Captions: as they are said, as they are heard, and what was not."""

import pytest

from device.conversation import entries
from device.conversation.engine import Words
from device.conversation.events import Heard as HeardOf
from device.conversation.states import State
from device.daemon.captions import MOST, Captions
from device.door.messages import LONGEST_CAPTION, Caption, Heard


@pytest.fixture
def told():
    return []


@pytest.fixture
def captions(told):
    return Captions(told.append)


def test_pieces_grow_and_all_of_it_is_final(captions, told):
    captions.words(Words("assistant", "It is ", final=False, item="i"))
    captions.words(Words("assistant", "noon", final=False, item="i"))
    captions.words(Words("assistant", "It is noon. ", final=True, item="i"))
    assert told == [
        Caption("i", "assistant", "It is "),
        Caption("i", "assistant", "It is noon"),
        Caption("i", "assistant", "It is noon.", final=True),
    ]


def test_what_the_user_says_has_a_caption_of_its_own_each_time(captions, told):
    captions.words(Words("user", "what", final=False))
    captions.words(Words("user", "What?", final=True))
    captions.words(Words("user", "Why?", final=True))
    assert [(one.id, one.text) for one in told] == [("user-1", "what"), ("user-1", "What?"), ("user-2", "Why?")]


def test_a_question_by_text_is_shown_and_one_that_was_heard_not_twice(captions, told):
    captions.words(Words("user", "What?", final=True))
    captions.take(entries.User(1, "What?"))
    captions.take(entries.User(2, ""))
    captions.take(entries.User(3, "By text"))
    assert [one.text for one in told] == ["What?", "By text"]


def test_how_much_was_heard_goes_by_the_share_of_the_sound_and_to_the_end_of_a_word(captions, told):
    captions.words(Words("assistant", "one two  three four", final=True, item="i"))
    captions.playing(HeardOf("i", 500, whole=False))  # its sound is not known of yet
    captions.playing(None)
    captions.audio("i", 1000)
    for ms in (250, 300, 500, 400, 700):
        captions.playing(HeardOf("i", ms, whole=False))
    assert [(one.chars, one.over) for one in told[1:]] == [(3, False), (7, False), (14, False)]
    captions.take(entries.ReplyLastAudio(1, "i", 1000))
    assert told[-1] == Heard("i", 19, over=True)
    captions.take(entries.Heard(1, "i", 1000, True, "one two three four", ""))
    assert len(told) == 5, "that is known already"


def test_after_an_interruption_it_ends_where_the_ledger_says(captions, told):
    captions.words(Words("assistant", "one two three four", final=True, item="i"))
    captions.audio("i", 1000)
    captions.playing(HeardOf("i", 900, whole=False))
    captions.take(entries.Heard(1, "i", 500, False, "one two", "three four"))
    assert told[-1] == Heard("i", 7, over=True)
    captions.playing(HeardOf("i", 1000, whole=False))
    assert told[-1] == Heard("i", 7, over=True)


def test_what_was_cut_off_before_its_first_word_was_not_heard_at_all(captions, told):
    captions.words(Words("assistant", "one two", final=True, item="i"))
    captions.take(entries.Heard(1, "i", 0, False, "", "one two"))
    assert told[-1] == Heard("i", 0, over=True)


def test_words_that_come_after_their_sound(captions, told):
    captions.audio("i", 1000)
    captions.take(entries.ReplyLastAudio(1, "i", 1000))
    captions.words(Words("assistant", "Noon.", final=True, item="i"))
    assert told == [Caption("i", "assistant", "Noon.", final=True), Heard("i", 5, over=True)]


def test_what_the_device_says_by_itself(captions, told):
    captions.announced("announcement-1", "")
    captions.audio("announcement-1", 500)
    captions.audio("repeat-1", 500)
    assert captions.all == ()
    captions.announced("announcement-2", "Dinner is ready.")
    captions.audio("announcement-2", 1000)
    captions.playing(HeardOf("announcement-2", 334, whole=False))
    captions.take(entries.Announcement(1, "announcement-2", "cut"))
    assert told == [
        Caption("announcement-2", "device", "Dinner is ready.", final=True),
        Heard("announcement-2", 6),
        Heard("announcement-2", 6, over=True),
    ]


def test_who_comes_later_sees_the_conversation_and_nothing_of_one_that_is_over(captions):
    captions.words(Words("user", "What?", final=True))
    captions.words(Words("assistant", "Noon.", final=True, item="i"))
    assert [one.text for one in captions.all] == ["What?", "Noon."]
    assert captions.heard == (Heard("i", 0),)
    captions.take(entries.StateEntered(1, State.LISTENING))
    assert captions.all
    captions.take(entries.StateEntered(1, State.ASLEEP))
    assert (captions.all, captions.heard) == ((), ())


def test_neither_many_nor_long_ones_are_kept(captions):
    for n in range(3 * MOST):
        captions.words(Words("assistant", "x" * 2 * LONGEST_CAPTION, final=True, item=str(n)))
    assert len(captions.all) == MOST
    assert {len(one.text) for one in captions.all} == {LONGEST_CAPTION}
