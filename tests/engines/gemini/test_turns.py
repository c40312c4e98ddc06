"""The dialogue with Gemini Live, by tables and by the log of a whole conversation."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.conversation.engine import (
    Audio,
    AudioDone,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolCancelled,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines.gemini.turns import Turns
from device.wire import gemini as wire

LOG = Path(__file__).parents[2] / "engines" / "logs" / "gemini.jsonl"
PCM = bytes(4800)
"""100 ms."""


def content(**fields) -> wire.ServerMessage:
    return wire.ServerMessage(server_content=wire.ServerContent(**fields))


def sound(pcm: bytes = PCM) -> wire.ServerMessage:
    blob = wire.Blob(data=pcm, mime_type="audio/pcm;rate=24000")
    return content(model_turn=wire.Content(role="model", parts=[wire.Part(inline_data=blob)]))


def words(text: str) -> wire.ServerMessage:
    return content(output_transcription=wire.Transcription(text=text))


def call(*ids: str | None) -> wire.ServerMessage:
    calls = [wire.FunctionCall(name="look_up", id=one, args={"n": 1}) for one in ids]
    return wire.ServerMessage(tool_call=wire.ToolCall(function_calls=calls))


def spent(prompt: int, response: int, thoughts: int | None = None) -> wire.ServerMessage:
    usage = wire.UsageMetadata(prompt_token_count=prompt, response_token_count=response, thoughts_token_count=thoughts)
    return wire.ServerMessage(usage_metadata=usage)


DONE = content(turn_complete=True)


def feed(turns: Turns, *messages: wire.ServerMessage) -> list:
    return [event for message in messages for event in turns.receive(message)]


def kinds(events: list) -> list[type]:
    return [type(event) for event in events]


def notes(turns: Turns) -> list[str]:
    return [m.client_content.turns[0].parts[0].text for m in turns.drain() if m.client_content is not None]


def test_a_recorded_conversation_means_what_it_meant() -> None:
    turns = Turns()
    got = []
    for line in LOG.read_text().splitlines():
        entry = json.loads(line)
        if entry["from"] == "server":
            got += turns.receive(wire.decode_server(json.dumps(entry["message"])))
        elif "toolResponse" in entry["message"]:
            response = entry["message"]["toolResponse"]["functionResponses"][0]
            turns.tool_result(response["id"], json.dumps(response["response"]), reply=True)
            (sent,) = turns.drain()
            assert json.loads(wire.encode(sent)) == entry["message"]
        elif "clientContent" in entry["message"]:
            turns.interrupt(())
            turns.drain()
    replies = [event.reply for event in got if isinstance(event, ReplyStarted)]
    assert len(replies) == len(set(replies)) == 4
    ended = [(event.reply, event.status) for event in got if isinstance(event, ReplyEnded)]
    assert ended == list(zip(replies, ("completed", "cancelled", "completed", "completed"), strict=True))
    assert [event.text for event in got if isinstance(event, Words) and event.role == "user" and event.final] == [
        "words"
    ] * 3
    assert [event.text for event in got if isinstance(event, Words) and event.role == "assistant" and event.final] == [
        "Five miles are eight kilometres.",
        "It is still noon.",
    ]
    assert sum(isinstance(event, ToolCall) for event in got) == 1
    assert turns.idle


def test_a_reply_is_over_with_its_calls_and_what_follows_is_the_next() -> None:
    turns = Turns()
    got = feed(turns, sound(), words("Let me see."), call("a", None), content(generation_complete=True), DONE)
    assert kinds(got) == [ReplyStarted, Audio, Words, AudioDone, Words, ToolCall, ToolCall, ReplyEnded]
    named, unnamed = [event.call_id for event in got if isinstance(event, ToolCall)]
    assert not turns.idle
    turns.tool_result(named, '{"n": 2}', reply=False)
    turns.tool_result(unnamed, "plain text", reply=True)
    first, second = [message.tool_response.function_responses[0] for message in turns.drain()]
    assert (first.id, first.response, first.scheduling) == ("a", {"n": 2}, "SILENT")
    assert (second.id, second.response, second.scheduling) == (None, {"output": "plain text"}, "WHEN_IDLE")
    assert turns.idle
    assert kinds(feed(turns, sound(), DONE)) == [ReplyStarted, Audio, AudioDone, ReplyEnded]


def test_a_model_that_waits_is_told_no_time_to_speak() -> None:
    turns = Turns(blocking=True)
    feed(turns, call("a"))
    turns.tool_result("a", "1", reply=True)
    assert turns.drain()[0].tool_response.function_responses[0].scheduling is None


def test_cancelled_calls_are_told_and_their_results_dropped() -> None:
    turns = Turns()
    feed(turns, call("a", "b"))
    cancel = wire.ServerMessage(tool_call_cancellation=wire.ToolCallCancellation(ids=["a", "of an earlier session"]))
    assert feed(turns, cancel) == [ToolCancelled(("a",))]
    assert feed(turns, cancel) == []
    turns.tool_result("a", "1", reply=True)
    assert not turns.drain()
    turns.tool_result("b", "1", reply=True)
    assert len(turns.drain()) == 1


@pytest.mark.parametrize(
    ("heard", "note"),
    [
        ([], "heard nothing"),
        ([(0, False)], "heard nothing"),
        ([(50, False)], "“one two”"),
        ([(100, True)], "“one two three four”"),
    ],
)
def test_the_note_says_what_was_heard(heard, note) -> None:
    turns = Turns()
    feed(turns, sound(), words("one two three four"))
    turns.interrupt([Heard("reply_1_audio", ms, whole=whole) for ms, whole in heard])
    (said,) = notes(turns)
    assert note in said
    turns.interrupt([Heard("reply_1_audio", 50, whole=False)])
    assert not notes(turns), "it is told once"
    # What still comes is dropped, and nothing of the next reply is.
    late = [Audio("reply_1", "reply_1_audio", PCM), *feed(turns, sound(), words("five"))]
    assert all(turns.stale(event) for event in late)
    assert feed(turns, content(interrupted=True), DONE) == [ReplyEnded("reply_1", "cancelled")]
    fresh = feed(turns, sound(), DONE)
    assert kinds(fresh) == [ReplyStarted, Audio, AudioDone, ReplyEnded]
    assert not any(turns.stale(event) for event in fresh)


def test_a_reply_that_is_over_is_told_of_too_unless_all_was_heard() -> None:
    for whole, count in ((True, 0), (False, 1)):
        turns = Turns()
        feed(turns, sound(), words("one two"), DONE)
        turns.interrupt([Heard("reply_1_audio", 100 if whole else 50, whole=whole)])
        assert len(notes(turns)) == count


def test_the_servers_interruption_reaches_the_loudspeaker_even_after_the_reply() -> None:
    turns = Turns()
    feed(turns, sound(), words("one two"), DONE)
    got = feed(turns, content(interrupted=True))
    assert got == [ReplyEnded("reply_1", "cancelled")]
    turns.interrupt([Heard("reply_1_audio", 50, whole=False)])
    assert not notes(turns), "a note would interrupt the user"
    assert feed(Turns(), content(interrupted=True), DONE) == []


def test_what_is_to_be_said_waits_for_the_reply() -> None:
    turns = Turns()
    feed(turns, sound())
    turns.say("The tea is ready.")
    assert not turns.drain()
    feed(turns, DONE)
    (message,) = turns.drain()
    assert message.client_content.turn_complete
    turns.say("And the eggs.")
    assert notes(turns) == ["And the eggs."]


def test_costs_are_charged_once_to_the_reply_that_ends_next() -> None:
    turns = Turns()
    got = feed(turns, spent(10, 5), sound(), spent(1, 2, 3), DONE, sound(), DONE)
    usages = [event.usage for event in got if isinstance(event, ReplyEnded)]
    assert usages == [Usage(input_tokens=11, output_tokens=10), Usage()]


def test_costs_of_sound_and_of_what_was_cached_are_told_apart() -> None:
    def kinds_of(audio: int, text: int) -> list[wire.ModalityTokenCount]:
        return [
            wire.ModalityTokenCount(modality="AUDIO", token_count=audio),
            wire.ModalityTokenCount(modality="TEXT", token_count=text),
        ]

    usage = wire.UsageMetadata(
        prompt_token_count=30,
        cached_content_token_count=8,
        prompt_tokens_details=kinds_of(20, 10),
        response_token_count=7,
        response_tokens_details=kinds_of(6, 1),
    )
    spending = wire.ServerMessage(usage_metadata=usage)
    got = feed(Turns(), spending, spending, sound(), DONE)
    assert got[-1].usage == Usage(
        input_tokens=60, output_tokens=14, input_audio_tokens=40, output_audio_tokens=12, cached_tokens=16
    )


def test_the_users_words_are_whole_before_the_reply_begins() -> None:
    turns = Turns()
    said = [content(input_transcription=wire.Transcription(text=text)) for text in ("what ", "time")]
    got = feed(
        turns, *said, sound(), content(input_transcription=wire.Transcription(text=" is it", finished=True)), DONE
    )
    final = [event for event in got if isinstance(event, Words) and event.final]
    assert [event.text for event in final] == ["what time", " is it"]
    assert kinds(got)[2:4] == [Words, ReplyStarted]
    assert final[0].item != final[1].item


def test_words_that_come_after_the_reply_belong_to_it() -> None:
    turns = Turns()
    feed(turns, sound(), DONE)
    assert feed(turns, words("late")) == [Words("assistant", "late", final=False, item="reply_1_audio")]
    assert feed(Turns(), words("early")) == []


def test_thoughts_are_not_spoken() -> None:
    parts = [wire.Part(text="The user wants …", thought=True)]
    assert feed(Turns(), content(model_turn=wire.Content(parts=parts))) == []


def test_a_turn_that_the_engine_refuses_fails_even_if_nothing_was_said() -> None:
    got = feed(Turns(), content(turn_complete=True, turn_complete_reason="RESPONSE_REJECTED"))
    assert kinds(got) == [ReplyStarted, ReplyEnded]
    assert got[-1].status == "failed"
    assert "RESPONSE_REJECTED" in got[-1].message
    assert feed(Turns(), content(turn_complete=True, turn_complete_reason="NEED_MORE_INPUT")) == []


def test_the_servers_ears() -> None:
    start, end = (
        wire.ServerMessage(voice_activity=wire.VoiceActivity(voice_activity_type=kind))
        for kind in ("ACTIVITY_START", "ACTIVITY_END")
    )
    assert feed(Turns(), start, end) == [SpeechStarted(), SpeechStopped()]


MESSAGES = st.sampled_from(
    [
        sound(),
        words("some words"),
        call("a"),
        call(None),
        content(interrupted=True),
        content(generation_complete=True),
        DONE,
        content(turn_complete=True, turn_complete_reason="BLOCKLIST"),
        content(input_transcription=wire.Transcription(text="hello")),
        wire.ServerMessage(tool_call_cancellation=wire.ToolCallCancellation(ids=["a"])),
        None,  # the user interrupts
    ]
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(MESSAGES, max_size=24))
def test_whatever_the_order_replies_begin_once_and_end_and_audio_is_theirs(messages) -> None:
    turns = Turns()
    begun: dict[str, str] = {}
    for message in messages:
        if message is None:
            turns.interrupt([Heard(f"{name}_audio", 50, whole=False) for name in begun])
            continue
        for event in turns.receive(message):
            if isinstance(event, ReplyStarted):
                assert event.reply not in begun
                assert "open" not in begun.values()
                begun[event.reply] = "open"
            elif isinstance(event, ReplyEnded):
                assert event.reply in begun
                begun[event.reply] = event.status
            elif isinstance(event, Audio | ToolCall):
                assert begun[event.reply] == "open"
    feed(turns, DONE)
    turns.interrupt(())
    assert turns.idle


@pytest.mark.parametrize(
    ("kind", "events"), [("ACTIVITY_START", [SpeechStarted()]), ("ACTIVITY_END", [SpeechStopped()]), ("NEW", [])]
)
def test_what_the_server_hears_of_the_user(kind: str, events: list) -> None:
    heard = wire.ServerMessage(voice_activity=wire.VoiceActivity(voice_activity_type=kind))
    assert Turns().receive(heard) == events


def test_words_that_a_server_puts_into_its_reply_are_spoken_and_its_thoughts_are_not() -> None:
    parts = [wire.Part(text="Let me think.", thought=True), wire.Part(text="Noon."), wire.Part()]
    got = feed(Turns(), content(model_turn=wire.Content(role="model", parts=parts)))
    assert got == [ReplyStarted("reply_1"), Words("assistant", "Noon.", final=False, item="reply_1_audio")]


def test_words_before_any_reply_and_the_end_of_a_turn_without_words_are_nothing() -> None:
    turns = Turns()
    assert feed(turns, words("Noon."), content(input_transcription=wire.Transcription(finished=True))) == []
    assert feed(turns, content(interrupted=True)) == []
