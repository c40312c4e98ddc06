"""Where what the user says begins, and what of it is open, by itself; what is done about it is in test_voices."""

import pytest

from device.conversation.actions import Discard, Hold, Listen
from device.conversation.events import VoiceEnd
from device.conversation.user_turn import ONSET_PREROLL, UNNOTICED, WAKE_PREROLL, UserTurn
from device.sample_clock import samples


def ms(position):
    return None if position is None else position * 1000 // samples(1000)


def woken(at):
    turn = UserTurn()
    turn.wake_word(samples(at))
    turn.begin(samples(at))
    return turn


def voice(onset, end, voiced_ms=0):
    return VoiceEnd(samples(end + 240), samples(onset), samples(end), voiced_ms)


def test_a_voice_that_goes_on_after_the_wake_word_is_sent_from_before_it():
    turn = woken(1000)
    turn.starts(samples(400), awake=True)
    assert turn.goes_on(samples(1399)) is None
    assert turn.goes_on(samples(1400)) == samples(400) - ONSET_PREROLL
    assert turn.goes_on(samples(1500)) is None


def test_the_wake_word_is_left_out_of_the_words_of_the_turn_that_begins_with_it_and_of_no_other():
    turn = woken(1000)
    turn.addressed("hey_jarvis")
    turn.starts(samples(400), awake=True)
    turn.goes_on(samples(1400))
    assert turn.said("Hey Jarvis, stop.") == "Stop."
    assert turn.said("Hey Jarvis is what I say.") == "Hey Jarvis is what I say."
    turn = woken(1000)
    turn.addressed("hey_jarvis")
    assert turn.only_woke(voice(400, 1040))
    assert turn.said("Hey Jarvis is what I say.") == "Hey Jarvis is what I say."


def test_of_somebody_who_spoke_before_the_wake_word_only_the_last_breath_is_sent():
    turn = woken(9000)
    turn.starts(samples(2000), awake=True)
    assert turn.breath(samples(9000)) == samples(9000) - WAKE_PREROLL
    assert turn.goes_on(samples(9400)) == samples(9000) - WAKE_PREROLL


@pytest.mark.parametrize(
    ("wake", "onset", "end", "only"),
    [
        (1000, 400, 1040, True),  # the voice ended with the wake word
        (1000, 400, 1310, False),  # a word followed
        (1000, 400, 1460, False),  # likewise
        (1500, 400, 1490, False),  # it was detected late
        (1000, 450, 1340, True),  # it was detected before its end
        (1230, 400, 1350, True),  # likewise, drawn out
        (1230, 400, 1380, False),  # a short word followed: "stop"
    ],
)
def test_one_word_after_the_wake_word_is_not_taken_for_its_end(wake, onset, end, only):
    turn = woken(wake)
    turn.starts(samples(onset), awake=True)
    assert turn.only_woke(voice(onset, end)) is only
    assert ms(turn.unanswered) == (end if only else max(0, wake - 1200))
    assert ms(turn.in_one_breath(samples(onset))) == (None if only else max(onset - 300, wake - 1200))


@pytest.mark.parametrize(("pause_ms", "start"), [(599, 3500), (600, 4500)])
def test_what_follows_a_word_over_a_reply_soon_begins_with_that_word(pause_ms, start):
    turn = UserTurn()
    turn.did_not_interrupt(samples(3500), samples(3900))
    onset = samples(3900 + pause_ms)
    assert turn.first_word(onset) == samples(start) - ONSET_PREROLL


def test_after_a_reply_a_voice_that_speaks_is_heard_from_its_onset_and_else_one_not_noticed_yet():
    turn = UserTurn()
    assert turn.resume(samples(5000)) == [Listen(samples(5000) - UNNOTICED)]
    assert turn.resume(samples(5000)) == [], "it is heard already"
    assert turn.hold() == [Hold()]
    turn.starts(samples(4000), awake=True)
    assert turn.resume(samples(5000)) == [Listen(samples(4000) - ONSET_PREROLL)]


def test_what_is_being_said_now_stays_unanswered_and_nothing_before_it():
    turn = UserTurn()
    turn.starts(samples(1000), awake=True)
    turn.starts(samples(4000), awake=True)
    turn.restart()
    assert turn.unanswered == samples(4000) - ONSET_PREROLL
    turn.pauses()
    turn.restart()
    assert turn.unanswered is None


@pytest.mark.parametrize("goes_on", [True, False])
def test_the_beginning_of_a_turn_that_a_reply_talks_over_is_forgotten_unless_it_goes_on(goes_on):
    turn = UserTurn()
    turn.listen(0)
    turn.starts(samples(4000), awake=True)
    turn.engine_hears(speech=True)
    assert turn.give_way() == [Hold()]
    if goes_on:
        assert turn.resume(samples(5000)) == [Listen(samples(4000) - ONSET_PREROLL)]
    else:
        turn.pauses()
        assert turn.resume(samples(5000)) == [Discard(), Listen(samples(5000) - UNNOTICED)]
    turn.pauses()
    assert not turn.talking, "nor does the engine hear anybody"
    turn.hold()
    assert Discard() not in turn.resume(samples(6000)), "it was forgotten"


def test_another_session_hears_what_has_no_answer_once_it_is_known_where_that_begins():
    turn = UserTurn()
    assert turn.listen_again(0) == []
    turn = woken(5000)
    assert turn.listen_again(0) == []
    turn.hold()
    assert turn.listen_again(0) == [Listen(samples(5000) - WAKE_PREROLL, again=True)]
    assert turn.resume(samples(9000)) == []


def test_the_first_of_several_voices_is_where_the_answer_is_owed_from():
    turn = UserTurn()
    turn.starts(samples(2000), awake=False)
    assert turn.unanswered is None
    turn.starts(samples(3000), awake=True)
    turn.starts(samples(4000), awake=True)
    assert turn.unanswered == samples(3000) - ONSET_PREROLL
    turn.answered()
    assert turn.unanswered is None


def test_the_end_of_a_turn_is_told_once_and_again_to_another_engine_until_it_is_answered():
    turn = UserTurn()
    silence = samples(500)
    turn.ends(samples(2500), 400)
    assert not turn.over(samples(2999), silence)
    assert turn.over(samples(3000), silence)
    turn.commit()
    assert not turn.over(samples(9000), silence)
    turn.reopen()
    assert turn.over(samples(9000), silence)
    turn.commit()
    turn.answered()
    turn.reopen()
    assert not turn.over(samples(9000), silence)


def test_a_voice_that_begins_again_has_not_ended():
    turn = UserTurn()
    turn.ends(samples(2500), 400)
    turn.starts(samples(2850), awake=True)
    assert not turn.over(samples(9000), samples(500))
