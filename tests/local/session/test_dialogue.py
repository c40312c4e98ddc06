import asyncio
import base64

import pytest
from support.raw_client import append, raw, says, text_item
from support.scripted import MANUAL, Recogniser, Scripted, tone

from device.local.session.dialogue import MOST_TRANSCRIBING, Dialogue
from device.local.session.items import settled
from device.wire.errors import WireError
from device.wire.realtime_items import Content, Item, Session


async def test_history_of_every_kind_reaches_the_brain():
    items = [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "You are a clock."}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_audio", "audio": base64.b64encode(tone(500).tobytes()).decode()}],
        },
    ]
    async with Scripted() as server, server.connect() as client:
        for item in items:
            await client.send(type="conversation.item.create", item=item)
        await client.send(type="response.create")
        await client.until("response.done")
        turns = server.brain.asked[0].turns
        assert [(turn.role, turn.text) for turn in turns] == [
            ("system", "You are a clock."),
            ("assistant", "Hello."),
            ("assistant", ""),
            ("tool", "1"),
            ("user", "what time is it"),
        ]
        assert server.recogniser.heard == [8000]


async def test_the_recogniser_is_told_what_may_be_spoken_of():
    async with Scripted() as server, server.connect() as client:
        await client.update(audio={"input": {"transcription": {"keywords": ["feed Zorro"]}, "turn_detection": None}})
        call = {"type": "function_call", "call_id": "c1", "name": "set_timer"}
        await client.send(type="conversation.item.create", item={**call, "arguments": '{"name": "lasagna", "n": 1}'})
        await client.send(type="conversation.item.create", item={**call, "arguments": '{"items": ["oat milk", 2]}'})
        await client.send(type="conversation.item.create", item={**call, "arguments": "[not JSON"})
        await client.append(tone(500))
        await client.send(type="input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")
        assert server.recogniser.names == ("feed Zorro", "lasagna", "oat milk")


@pytest.mark.parametrize(
    ("item", "code", "param"),
    [
        (says("user", type="output_text", text="x"), "invalid_value", "item.content[0].type"),
        (says("assistant", type="output_audio", transcript="x"), "invalid_value", "item.content[0].type"),
        (says("user", type="input_text"), "missing_required_parameter", "item.content[0].text"),
        (says("user", type="input_audio", audio="AAAA"), "invalid_value", "item.content[0].audio"),
        (says("user", type="input_image", image_url="data:"), "unsupported_content_type", "item.content[0].type"),
        ({"type": "function_call_output", "call_id": "x", "output": "1"}, "invalid_tool_call_id", "item.call_id"),
        ({"type": "mcp_approval_response", "approval_request_id": "x", "approve": True}, "invalid_value", "item.type"),
        ({"type": "item_reference", "id": "x"}, "invalid_value", "item.type"),
        ({**text_item("x"), "id": "taken"}, "item_create_duplicate_item_id", "item.id"),
    ],
)
async def test_a_bad_item_is_refused(item, code, param):
    async with Scripted() as server, raw(server) as client:
        await client.send(type="conversation.item.create", item={**text_item("x"), "id": "taken"})
        await client.send(type="conversation.item.create", item=item, event_id="mine")
        error = await client.error()
        assert (error.code, error.param, error.event_id) == (code, param, "mine")
        await client.lives()


@pytest.fixture
async def dialogue(cascade):
    async def room():
        await asyncio.sleep(0)

    recogniser = Recogniser("one", "two")
    made = Dialogue(cascade(recogniser), "parley", "en-gb", lambda text: None, room)
    yield made
    made.close()


def spoken(*parts):
    """Return a user's item; each part is (ms of audio, transcript)."""
    content = [
        Content(type="input_audio", audio=None if ms is None else tone(ms).tobytes(), transcript=transcript)
        for ms, transcript in parts
    ]
    return Item(type="message", role="user", content=content)


async def test_audio_is_not_kept_but_what_it_says_and_how_long_it_is(dialogue):
    entry = dialogue.entry(spoken((500, None), (250, None)), "item")
    assert entry.audio_ms == pytest.approx(750)
    assert [part.audio for part in entry.item.content] == [None, None]
    await settled([entry])
    assert [part.transcript for part in entry.item.content] == ["one", "one"]
    assert dialogue.cascade.stages.recogniser.heard == [12_000]


async def test_audio_that_comes_with_its_words_is_not_heard_again(dialogue):
    entry = dialogue.entry(spoken((500, "hello"), (None, "there")), "item")
    assert (entry.audio_ms, entry.transcribing) == (pytest.approx(500), None)
    assert entry.turn().text == "hello\nthere"
    assert not dialogue.cascade.stages.recogniser.heard


async def test_a_call_without_an_id_gets_one(dialogue):
    given = dialogue.entry(Item(type="function_call", name="f", arguments="{}", call_id="mine"), "item")
    made = dialogue.entry(Item(type="function_call", name="f", arguments="{}"), "item")
    assert given.item.call_id == "mine"
    assert made.item.call_id.startswith("call_")


async def test_a_change_that_is_refused_changes_nothing(dialogue):
    before = dialogue.session, dialogue.config
    with pytest.raises(WireError):
        dialogue.configure(Session(type="realtime", instructions="x", max_output_tokens=0))
    assert (dialogue.session, dialogue.config) == before
    dialogue.configure(Session(type="realtime", instructions="x"))
    assert dialogue.session.instructions == dialogue.config.instructions == "x"


async def test_a_task_that_fails_is_told_in_the_log_and_the_rest_goes_on(dialogue, caplog):
    async def fail():
        raise RuntimeError("scripted")

    task = dialogue.spawn(fail())
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert f"a task of session {dialogue.id} failed" in caplog.text


async def test_closing_ends_what_is_still_to_be_heard(dialogue):
    dialogue.cascade.stages.recogniser.go.clear()
    entry = dialogue.entry(spoken((500, None)), "item")
    dialogue.close()
    await asyncio.wait([entry.transcribing])
    assert entry.transcribing is None


async def test_one_session_has_not_the_recogniser_to_itself():
    recogniser = Recogniser()
    recogniser.go.clear()
    recogniser.by_length = str
    async with Scripted(recogniser) as server, raw(server) as greedy, server.connect() as other:
        await greedy.send(type="session.update", session={"type": "realtime", **MANUAL})
        for _ in range(MOST_TRANSCRIBING):
            await greedy.send(**append(tone(200).tobytes()))
            await greedy.send(type="input_audio_buffer.commit")
        await greedy.send(**append(tone(200).tobytes()))
        await greedy.send(type="input_audio_buffer.commit")
        assert (await greedy.error()).code == "rate_limit_exceeded"
        await other.update(**MANUAL)
        await other.append(tone(400))
        await other.send(type="input_audio_buffer.commit")
        await other.until("input_audio_buffer.committed")
        recogniser.go.set()
        await other.until("conversation.item.input_audio_transcription.completed")
        # One of the other session's was at work, and one more may have been submitted; not all sixteen.
        assert recogniser.heard.index(6400) <= 2


async def test_audio_is_read_no_faster_than_it_is_written_down():
    recogniser = Recogniser()
    recogniser.go.clear()
    async with Scripted(recogniser) as server, server.connect() as client:
        for _ in range(2 * MOST_TRANSCRIBING):
            await client.speak(300, 800)
        await client.until("input_audio_buffer.committed", MOST_TRANSCRIBING // 2)
        recogniser.go.set()
        await client.until("input_audio_buffer.committed", 3 * MOST_TRANSCRIBING // 2)
        assert not client.of("error")
