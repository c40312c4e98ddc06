"""One response as its events, through the official client; every event is checked against its types."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted import ORACLE, Brain, Scripted

from device.local.session.config import default_session, read_config, update_session
from device.local.session.items import Conversation, fresh
from device.local.session.response import ASSISTANT_TOKEN_MS, ResponseStream, tokens
from device.local.stages import Call, Choice, Cost, Text, Word
from device.wire.realtime import encode
from device.wire.realtime_items import Session


async def test_function_calls_and_their_outputs():
    def script(asked):
        if asked.turns[-1].role == "tool":
            return [Text(f"The tool says {asked.turns[-1].text}.")]
        return [Text("Let me see."), Call("get_time", '{"zone":"UTC"}'), Call("get_date", "{}")]

    tool = {"type": "function", "name": "get_time", "description": "Time", "parameters": {"type": "object"}}
    async with Scripted(brain=Brain(script)) as server, server.connect() as client:
        await client.update(tools=[tool], tool_choice="required")
        await client.speak()
        done = await client.until("response.done")
        assert [item.type for item in done.response.output] == ["message", "function_call", "function_call"]
        asked = server.brain.asked[-1]
        assert (asked.tools[0].name, asked.choice) == ("get_time", Choice("required"))
        calls = client.of("response.function_call_arguments.done")
        assert [(call.name, call.arguments, call.output_index) for call in calls] == [
            ("get_time", '{"zone":"UTC"}', 1),
            ("get_date", "{}", 2),
        ]
        assert client.of("response.function_call_arguments.delta")[0].delta == '{"zone":"UTC"}'
        order = [kind for kind in client.types if "function_call" in kind or "output_item" in kind]
        assert order[2:6] == [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ]
        for call, output in zip(calls, ("noon", "Monday"), strict=True):
            item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await client.send(type="conversation.item.create", item=item)
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "The tool says Monday."
        turns = server.brain.asked[-1].turns
        assert [turn.role for turn in turns] == ["user", "assistant", "assistant", "assistant", "tool", "tool"]
        assert turns[2].name == "get_time"
        assert turns[2].call_id == turns[4].call_id == calls[0].call_id


async def test_written_replies():
    brain = Brain(lambda asked: [Text("It is noon."), Text("Anything else?"), Cost(11, 7)])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.update(output_modalities=["text"])
        await client.user("what time is it")
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output_modalities == ["text"]
        assert done.response.output[0].content[0].text == "It is noon. Anything else?"
        assert "".join(event.delta for event in client.of("response.output_text.delta")) == "It is noon. Anything else?"
        assert client.of("response.output_text.done")[0].text == "It is noon. Anything else?"
        assert client.of("response.content_part.added")[0].part.type == "text"
        assert not client.of("response.output_audio.delta")
        assert (done.response.usage.input_tokens, done.response.usage.output_tokens) == (11, 7)
        assert done.response.usage.total_tokens == 18


async def test_too_many_tokens_make_a_response_incomplete():
    brain = Brain(lambda asked: [Text("word " * 8)] * 50)
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.user("talk")
        await client.send(type="response.create", response={"max_output_tokens": 40})
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("incomplete", "max_output_tokens")
        assert done.response.max_output_tokens == 40
        assert 40 < done.response.usage.output_tokens < 80


class Sent:
    """What a response sent, each event read by the official types as it was at that moment."""

    def __init__(self):
        self.events = []

    def __call__(self, event):
        event.event_id = fresh("event")
        self.events.append(ORACLE.validate_json(encode(event)))

    def of(self, kind):
        return [event for event in self.events if event.type == kind]

    @property
    def types(self):
        return [event.type for event in self.events]


def stream(sent, conversation=None, **session):
    chosen = update_session(default_session("sess_1", "parley", "en-gb"), Session(type="realtime", **session))
    return ResponseStream(sent, read_config(chosen), conversation, voice="en-gb")


PCM = np.zeros(2400, np.int16)


def test_outside_a_conversation_no_item_is_added_to_one():
    sent = Sent()
    response = stream(sent)
    response.begin()
    response.say("Yes.")
    response.finish()
    assert not [kind for kind in sent.types if kind.startswith("conversation.")]
    assert sent.of("response.done")[0].response.conversation_id is None


def test_an_item_that_was_deleted_meanwhile_is_done_in_the_response_alone():
    sent, conversation = Sent(), Conversation()
    response = stream(sent, conversation)
    response.begin()
    response.say("Yes.")
    conversation.remove(sent.of("conversation.item.added")[0].item.id)
    response.finish()
    assert len(sent.of("response.output_item.done")) == 1
    assert not sent.of("conversation.item.done")


def test_a_response_that_is_over_is_over_once():
    sent = Sent()
    response = stream(sent)
    response.begin()
    response.finish("cancelled", "turn_detected")
    response.finish()
    done = sent.of("response.done")
    assert [event.response.status for event in done] == ["cancelled"]
    assert done[0].response.status_details.reason == "turn_detected"


def test_sound_and_times_before_a_message_belong_to_nothing():
    sent = Sent()
    response = stream(sent)
    response.begin()
    response.sound(PCM)
    response.time([Word("Yes", 0, 100)])
    assert (response.audio_ms, sent.of("response.output_audio.delta")) == (0, [])


def test_truncation_goes_by_the_times_of_the_words():
    sent, conversation = Sent(), Conversation()
    response = stream(sent, conversation)
    response.begin()
    response.say("One two.")
    response.sound(PCM)
    response.time([Word("One", 0, 90), Word("two", 90, 100)])
    response.finish()
    entry = next(iter(conversation))
    entry.truncate(95)
    assert entry.turn().text == "One"


@given(
    st.lists(st.sampled_from(["One.", "Two or three.", PCM, Call("f", '{"a": 1}'), Cost(5, 9)]), max_size=12),
    st.sampled_from(["completed", "cancelled", "incomplete", "failed"]),
    st.sampled_from([["audio"], ["text"]]),
)
def test_whatever_is_in_a_response_its_events_hang_together(pieces, status, modalities):
    sent, conversation = Sent(), Conversation()
    response = stream(sent, conversation, output_modalities=modalities)
    response.begin()
    for piece in pieces:
        if isinstance(piece, str):
            response.say(piece)
        elif isinstance(piece, Call):
            response.call(piece)
        elif isinstance(piece, Cost):
            response.count(piece)
        else:
            response.sound(piece)
    response.finish(status)
    done = sent.events[-1].response
    assert (sent.types[0], sent.types[-1], done.status) == ("response.created", "response.done", status)
    for part in ("response.output_item", "conversation.item", "response.content_part"):
        added = [(event.item_id if "part" in part else event.item.id) for event in sent.of(f"{part}.added")]
        assert [(event.item_id if "part" in part else event.item.id) for event in sent.of(f"{part}.done")] == added
    assert [item.id for item in done.output] == [entry.id for entry in conversation]
    kind = "output_audio_transcript" if modalities == ["audio"] else "output_text"
    words = "".join(event.delta for event in sent.of(f"response.{kind}.delta"))
    texts = [part.transcript or part.text for item in done.output for part in getattr(item, "content", None) or []]
    assert words == "".join(texts)
    usage = done.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.output_token_details.audio_tokens == int(response.audio_ms / ASSISTANT_TOKEN_MS)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 1), ("four", 1), ("fives", 2)])
def test_tokens_are_estimated_by_the_letters(text, count):
    assert tokens(text) == count
