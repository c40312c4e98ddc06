import pytest

from device.conversation import entries
from device.records.turns import Turns
from device.sample_clock import CLOCK_RATE


def gather(*happened):
    """Feed (seconds, kind, fields…) and return what was gathered of each turn."""
    turns = Turns()
    records = []
    for i, (at, kind, *fields) in enumerate(happened):
        record = turns.take(kind(round(at * CLOCK_RATE), **fields[0] if fields else {}), sent_s=float(i))
        records += [record] if record else []
    last = turns.close(0, sent_s=100.0)
    return [record.gathered for record in records + ([last] if last else [])]


ASKED = [
    (1.0, entries.Wake, {"word": "hey_jarvis", "score": 0.9}),
    (0.4, entries.VoiceStart),
    (2.0, entries.VoiceEnd, {"voiced_ms": 700}),
    (2.3, entries.EngineSpeechStopped),
    (2.3, entries.User, {"text": "what time is it"}),
    (2.31, entries.ReplyStart, {"reply": "r"}),
    (2.35, entries.ReplyReceived, {"item": "i"}),
    (2.4, entries.ReplyFirstAudio, {"item": "i"}),
    (2.4, entries.Assistant, {"item": "i", "text": "Noon."}),
    (2.5, entries.ReplyEnd, {"reply": "r", "status": "completed", "input_tokens": 7, "output_tokens": 5}),
]


def test_a_turn_holds_its_stages_words_and_cost():
    (turn,) = gather(
        *ASKED, (3.4, entries.ReplyLastAudio, {"item": "i", "ms": 1000}), (9, entries.Sleep, {"why": "silence"})
    )
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
        (3.0, entries.VoiceStart),
        (3.1, entries.Duck),
        (3.4, entries.Cut),
        (3.45, entries.Truncate, {"whole": False, "item": "i", "ms": 1050}),
        (3.45, entries.Silence),
        (4.0, entries.VoiceEnd, {"voiced_ms": 900}),
        (4.5, entries.User, {"text": "stop"}),
    )
    assert first["heard"] == [{"item": "i", "ms": 1050}]
    assert (first["duck"], first["cut"], first["silence"]) == (3.1, 3.4, 3.45)
    assert first["voice_start"] == 0.4
    assert second == {"voice_start": 3.0, "voice_end": 4.0, "user": "stop", "sent_s": pytest.approx(86)}


def test_the_next_question_after_a_whole_reply_is_another_turn():
    first, second = gather(
        *ASKED,
        (3.4, entries.ReplyLastAudio, {"item": "i", "ms": 1000}),
        (4.0, entries.VoiceStart),
        (4.5, entries.VoiceEnd, {"voiced_ms": 500}),
    )
    assert first["user"] == "what time is it"
    assert second["voice_start"] == 4.0


def test_a_pause_within_the_question_and_a_voice_restored_over_are_one_turn():
    turns = gather(
        (1.0, entries.Wake, {"word": "hey_jarvis", "score": 0.9}),
        (1.5, entries.VoiceEnd, {"voiced_ms": 500}),
        (1.8, entries.VoiceStart),
        (2.5, entries.VoiceEnd, {"voiced_ms": 500}),
        (2.9, entries.ReplyFirstAudio, {"item": "i"}),
        (3.2, entries.VoiceStart),
        (3.5, entries.VoiceEnd, {"voiced_ms": 500}),
        (3.6, entries.Restore),
    )
    assert len(turns) == 1
    assert turns[0]["voice_end"] == 2.5


@pytest.mark.parametrize(
    ("costs", "gathered"),
    [
        ([{}, {}], {}),
        ([{"input_tokens": 7}, {"input_tokens": 3, "output_tokens": 5}], {"input_tokens": 10, "output_tokens": 5}),
        ([{"seconds": 1.5}, {"seconds": 2.0}], {"seconds": 3.5}),
    ],
)
def test_what_the_replies_of_a_turn_cost_is_added_up(costs, gathered):
    ends = [(2.0 + n, entries.ReplyEnd, {"reply": "r", "status": "completed", **cost}) for n, cost in enumerate(costs)]
    (turn,) = gather((1.0, entries.VoiceStart), *ends)
    assert turn == {"voice_start": 1.0, "sent_s": 100.0, **gathered}


def test_tools_and_errors_of_a_turn_are_named_in_their_order():
    (turn,) = gather(
        (1.0, entries.VoiceStart),
        (2.0, entries.Tool, {"name": "get_time", "arguments": "{}"}),
        (2.5, entries.EngineError, {"code": "closed", "message": "gone"}),
        (3.0, entries.Tool, {"name": "convert", "arguments": "{}"}),
    )
    assert (turn["tools"], turn["errors"]) == (["get_time", "convert"], ["closed"])


def test_what_happens_while_nobody_has_a_turn_belongs_to_none():
    assert gather((1.0, entries.ReplyStart, {"reply": "r"}), (2.0, entries.Timer, {"name": "tea"})) == []
