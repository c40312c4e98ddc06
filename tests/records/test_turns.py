import pytest

from device.records.entry import Entry
from device.records.turns import Turns
from device.sample_clock import CLOCK_RATE


def gather(*entries):
    """Feed (seconds, event, fields…) and return the records of turns."""
    turns = Turns()
    records = []
    for i, (at, event, *fields) in enumerate(entries):
        record = turns.take(Entry(event, round(at * CLOCK_RATE), fields[0] if fields else {}), sent_s=float(i))
        records += [record] if record else []
    last = turns.close(sent_s=100.0)
    return records + ([last] if last else [])


ASKED = [
    (1.0, "wake"),
    (0.4, "voice_start"),
    (2.0, "voice_end", {"voiced_ms": 700}),
    (2.3, "engine_speech_stopped"),
    (2.3, "user", {"text": "what time is it"}),
    (2.31, "reply_start"),
    (2.35, "reply_received", {"item": "i"}),
    (2.4, "reply_first_audio", {"item": "i"}),
    (2.4, "assistant", {"text": "Noon."}),
    (2.5, "reply_end", {"input_tokens": 7, "output_tokens": 5}),
]


def test_a_turn_holds_its_stages_words_and_cost():
    (turn,) = gather(*ASKED, (3.4, "reply_last_audio", {"item": "i", "ms": 1000}), (9, "sleep", {"why": "silence"}))
    assert turn == {
        "wake": 1.0,
        "voice_start": 0.4,
        "voice_end": 2.0,
        "engine_speech_stopped": 2.3,
        "user": "what time is it",
        "reply_start": 2.31,
        "reply_received": 2.35,
        "reply_first_audio": 2.4,
        "assistant": "Noon.",
        "input_tokens": 7,
        "output_tokens": 5,
        "reply_last_audio": 3.4,
        "heard": [{"item": "i", "ms": 1000}],
        "sent_s": 11.0,
    }


def test_an_interruption_ends_one_turn_and_has_begun_the_next():
    first, second = gather(
        *ASKED,
        (3.0, "voice_start"),
        (3.1, "duck"),
        (3.4, "cut"),
        (3.45, "truncate", {"item": "i", "ms": 1050}),
        (3.45, "silence"),
        (4.0, "voice_end", {"voiced_ms": 900}),
        (4.5, "user", {"text": "stop"}),
    )
    assert first["heard"] == [{"item": "i", "ms": 1050}]
    assert (first["duck"], first["cut"], first["silence"]) == (3.1, 3.4, 3.45)
    assert first["voice_start"] == 0.4
    assert second == {"voice_start": 3.0, "voice_end": 4.0, "user": "stop", "sent_s": pytest.approx(86)}


def test_the_next_question_after_a_whole_reply_is_another_turn():
    first, second = gather(
        *ASKED, (3.4, "reply_last_audio", {"item": "i", "ms": 1000}), (4.0, "voice_start"), (4.5, "voice_end", {})
    )
    assert first["user"] == "what time is it"
    assert second["voice_start"] == 4.0


def test_a_pause_within_the_question_and_a_voice_restored_over_are_one_turn():
    turns = gather(
        (1.0, "wake"),
        (1.5, "voice_end", {}),
        (1.8, "voice_start"),
        (2.5, "voice_end", {}),
        (2.9, "reply_first_audio", {"item": "i"}),
        (3.2, "voice_start"),
        (3.5, "voice_end", {}),
        (3.6, "restore"),
    )
    assert len(turns) == 1
    assert turns[0]["voice_end"] == 2.5
