"""Who said what, from fragments."""

from __future__ import annotations

import pytest

from device.conversation.engine import SpeechStarted, SpeechStopped, Words
from device.engines.live.words import GAP_MS, REMEMBERED, Transcript
from device.wire.live import Fragment, SessionInputTranscriptDelta, SessionOutputTranscriptDelta


def user(delta: str, start_ms: float = 0, end_ms: float | None = None) -> Fragment:
    return SessionInputTranscriptDelta(start_ms=start_ms, end_ms=start_ms if end_ms is None else end_ms, delta=delta)


def model(delta: str, start_ms: float = 0, end_ms: float | None = None) -> Fragment:
    return SessionOutputTranscriptDelta(start_ms=start_ms, end_ms=start_ms if end_ms is None else end_ms, delta=delta)


@pytest.fixture
def transcript() -> Transcript:
    return Transcript("s")


def test_the_users_fragments_become_a_turn_that_ends_when_nothing_comes(transcript: Transcript) -> None:
    assert transcript.user(user("What ", 0, 100), 100) == [
        SpeechStarted(),
        Words("user", "What ", final=False, item="s_user_1"),
    ]
    assert transcript.user(user("time?", 200, 300), 300) == [Words("user", "time?", final=False, item="s_user_1")]
    assert transcript.tick(300 + GAP_MS - 1, speaking=False) == []
    assert transcript.tick(300 + GAP_MS, speaking=False) == [
        SpeechStopped(),
        Words("user", "What time?", final=True, item="s_user_1"),
    ]
    assert transcript.tick(9999, speaking=False) == []


def test_fragments_far_apart_are_two_turns(transcript: Transcript) -> None:
    transcript.user(user("One", 0, 100), 100)
    events = transcript.user(user("Two", 101 + GAP_MS), 200)
    assert events == [
        SpeechStopped(),
        Words("user", "One", final=True, item="s_user_1"),
        SpeechStarted(),
        Words("user", "Two", final=False, item="s_user_2"),
    ]


def test_nothing_begins_no_turn_of_the_users_but_ends_the_one_before(transcript: Transcript) -> None:
    assert transcript.user(user(" "), 0) == []
    transcript.user(user("One", 0, 100), 100)
    assert [type(event) for event in transcript.user(user(" ", 101 + GAP_MS), 1000)] == [SpeechStopped, Words]


def test_what_the_model_says_is_of_the_item_that_sounds(transcript: Transcript) -> None:
    assert transcript.model(model("It is "), 0, item="a", next_item="b") == [
        Words("assistant", "It is ", final=False, item="a")
    ]
    transcript.model(model("noon."), 0, item="a", next_item="b")
    assert transcript.end_item("a") == [Words("assistant", "It is noon.", final=True, item="a")]
    assert transcript.text("a") == "It is noon."
    assert transcript.text("b") == ""


def test_words_before_the_sound_are_of_what_is_said_next(transcript: Transcript) -> None:
    [words] = transcript.model(model("Hello"), 0, item="", next_item="b")
    assert words == Words("assistant", "Hello", final=False, item="b")
    [words] = transcript.model(model(" there"), 0, item="", next_item="b")
    assert words == Words("assistant", " there", final=False, item="b")


@pytest.mark.parametrize(("gap_ms", "item"), [(0, "a"), (GAP_MS, "a"), (GAP_MS + 1, "b")])
def test_words_after_the_sound_are_of_what_was_said_last_if_they_come_soon(
    transcript: Transcript, gap_ms: int, item: str
) -> None:
    transcript.model(model("It is", 0, 500), 0, item="a", next_item="b")
    transcript.end_item("a")
    [words] = transcript.model(model(" noon", 500 + gap_ms), 0, item="", next_item="b")
    assert words == Words("assistant", " noon", final=False, item=item)


def test_another_item_ends_the_one_before(transcript: Transcript) -> None:
    transcript.model(model("One."), 0, item="a", next_item="b")
    assert transcript.model(model("Two."), 0, item="b", next_item="c") == [
        Words("assistant", "One.", final=True, item="a"),
        Words("assistant", "Two.", final=False, item="b"),
    ]


def test_an_item_of_which_nothing_was_written_ends_without_words(transcript: Transcript) -> None:
    assert transcript.end_item("a") == []
    transcript.model(model(" "), 0, item="a", next_item="b")
    assert transcript.end_item("a") == []


def test_what_the_model_writes_ends_with_time_only_while_it_is_silent(transcript: Transcript) -> None:
    transcript.model(model("Hello"), 0, item="a", next_item="b")
    assert transcript.tick(GAP_MS, speaking=True) == []
    assert transcript.tick(GAP_MS, speaking=False) == [Words("assistant", "Hello", final=True, item="a")]


def test_what_was_cut_off_is_never_final(transcript: Transcript) -> None:
    transcript.model(model("Hello"), 0, item="a", next_item="b")
    transcript.forget_model()
    assert transcript.stop() == []


def test_at_the_end_all_is_final(transcript: Transcript) -> None:
    transcript.user(user("One"), 0)
    transcript.model(model("Two"), 0, item="a", next_item="b")
    assert transcript.stop() == [
        SpeechStopped(),
        Words("user", "One", final=True, item="s_user_1"),
        Words("assistant", "Two", final=True, item="a"),
    ]
    assert transcript.stop() == []


def test_a_request_is_what_was_said_since_the_last_one_or_else_that_again(transcript: Transcript) -> None:
    assert transcript.request() == ""
    transcript.user(user("Set a timer", 0, 100), 100)
    transcript.tick(100 + GAP_MS, speaking=False)
    transcript.user(user(" for  five minutes.", 3000), 3000)
    assert transcript.request() == "Set a timer for five minutes."
    transcript.tick(3000 + GAP_MS, speaking=False)
    transcript.user(user("And tell me.", 9000), 9000)
    transcript.tick(9000 + GAP_MS, speaking=False)
    assert transcript.request() == "Set a timer for five minutes. And tell me."
    assert transcript.request() == "And tell me."


def test_only_the_newest_texts_are_remembered(transcript: Transcript) -> None:
    for n in range(REMEMBERED + 1):
        transcript.model(model(f"{n}"), 0, item=f"i{n}", next_item="")
    assert transcript.text("i0") == ""
    assert transcript.text("i1") == "1"
