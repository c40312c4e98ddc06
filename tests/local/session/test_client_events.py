"""A session's client events: taken in any order, and refused with an error that the official client understands."""

import pytest
from support.raw_client import append, raw, says, text_item
from support.scripted import MANUAL, Brain, Scripted, detection

from device.local.session.client_events import LARGEST, LARGEST_WORDS
from device.local.session.items import MOST_CHARACTERS
from device.local.stages import Text


async def test_session_created_tells_all_that_is_in_force():
    async with Scripted() as server, server.connect() as client:
        session = client.events[0].session
        assert session.type == "realtime"
        assert session.model == "parley"
        assert session.output_modalities == ["audio"]
        assert session.audio.input.format.rate == 24_000
        assert session.audio.input.transcription.model == "moonshine-tiny-en"
        vad = session.audio.input.turn_detection
        assert (vad.type, vad.threshold, vad.prefix_padding_ms, vad.silence_duration_ms) == (
            "server_vad",
            0.5,
            300,
            500,
        )
        assert (vad.create_response, vad.interrupt_response) == (True, True)


@pytest.mark.parametrize(
    ("text", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[]", "invalid_json", None),
        ("null", "invalid_json", None),
        ('"hello"', "invalid_json", None),
        ("[" * 100_000, "invalid_json", None),
        ("{}", None, None),
        ('{"type":"response.creates","event_id":"mine"}', "invalid_value", "type"),
        ('{"type":"error"}', "invalid_value", "type"),
        ('{"type":7}', None, None),
        ('{"type":"input_audio_buffer.append","event_id":"mine"}', "missing_required_parameter", "audio"),
        ('{"type":"input_audio_buffer.append","audio":7,"event_id":"mine"}', "invalid_type", "audio"),
        ('{"type":"input_audio_buffer.append","audio":"!!!","event_id":"mine"}', "invalid_value", "audio"),
        ('{"type":"input_audio_buffer.append","audio":"AAAA","event_id":"mine"}', "invalid_value", "audio"),
        ('{"type":"input_audio_buffer.commit","event_id":"mine"}', "input_audio_buffer_commit_empty", None),
        ('{"type":"output_audio_buffer.clear","event_id":"mine"}', "invalid_value", "type"),
        ('{"type":"response.cancel","event_id":"mine"}', "response_cancel_not_active", None),
        ('{"type":"response.cancel","response_id":"x","event_id":"mine"}', "response_cancel_not_active", None),
        ('{"type":"response.create","response":7,"event_id":"mine"}', "invalid_type", "response"),
        (
            '{"type":"response.create","response":{"conversation":"x"},"event_id":"mine"}',
            "invalid_value",
            "response.conversation",
        ),
        (
            '{"type":"response.create","response":{"input":[{"type":"item_reference","id":"x"}]},"event_id":"mine"}',
            "invalid_value",
            "response.input[0].id",
        ),
        ('{"type":"conversation.item.create","event_id":"mine"}', "missing_required_parameter", "item"),
        (
            '{"type":"conversation.item.delete","item_id":"x","event_id":"mine"}',
            "item_delete_invalid_item_id",
            "item_id",
        ),
        (
            '{"type":"conversation.item.retrieve","item_id":"x","event_id":"mine"}',
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        (
            '{"type":"conversation.item.truncate","item_id":"x","content_index":0,"audio_end_ms":0,"event_id":"mine"}',
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        ('{"type":"session.update","session":{},"event_id":"mine"}', "missing_required_parameter", "session.type"),
    ],
)
async def test_a_bad_event_gets_an_error_and_the_session_lives(text, code, param):
    async with Scripted() as server, raw(server) as client:
        await client.ws.send_str(text)
        error = await client.error()
        assert error.type == "invalid_request_error"
        assert error.message
        if code:
            assert (error.code, error.param) == (code, param)
        assert error.event_id == ("mine" if "mine" in text else None)
        await client.lives()


async def test_an_unknown_previous_item_is_refused():
    async with Scripted() as server, raw(server) as client:
        await client.send(type="conversation.item.create", item=text_item("x"), previous_item_id="nowhere")
        assert (await client.error()).param == "previous_item_id"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"type": "transcription"}, "invalid_value", "session.type"),
        ({"type": "x"}, "invalid_value", "session.type"),
        ({"output_modalities": ["audio", "text"]}, "invalid_value", "session.output_modalities"),
        ({"max_output_tokens": 5000}, "invalid_value", "session.max_output_tokens"),
        ({"max_output_tokens": "many"}, "invalid_value", "session.max_output_tokens"),
        ({"instructions": 7}, "invalid_type", "session.instructions"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "invalid_value", "session.tools[0].type"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools[0].name"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "invalid_value", "session.tool_choice"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        ({"audio": {"output": {"format": {"type": "audio/mp3"}}}}, "invalid_value", "session.audio.output.format.type"),
        ({"audio": {"output": {"speed": 3}}}, "invalid_value", "session.audio.output.speed"),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}},
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}}}},
            "invalid_value",
            "session.audio.input.turn_detection.silence_duration_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "idle_timeout_ms": 5000}}}},
            "invalid_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "psychic_vad"}}}},
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
    ],
)
async def test_bad_settings_are_refused_and_change_nothing(change, code, param):
    async with Scripted() as server, raw(server) as client:
        session = {"type": "realtime", "instructions": "New.", **change}
        await client.send(type="session.update", session=session, event_id="mine")
        error = await client.error()
        assert (error.code, error.param, error.event_id) == (code, param, "mine")
        await client.send(type="session.update", session={"type": "realtime"})
        assert (await client.until("session.updated")).session.instructions == ""


async def test_binary_frames_get_an_error():
    async with Scripted() as server, raw(server) as client:
        await client.ws.send_bytes(b"\0\1")
        assert "binary" in (await client.error()).message
        await client.lives()


async def test_an_append_that_is_too_large_gets_an_error():
    async with Scripted() as server, raw(server) as client:
        await client.send(**append(bytes(LARGEST)), event_id="mine")
        error = await client.error()
        assert (error.code, error.event_id) == ("event_too_large", "mine")
        await client.lives()


async def test_events_out_of_order_do_no_harm():
    async with Scripted() as server, server.connect() as client:
        for kind in ("response.cancel", "input_audio_buffer.commit", "input_audio_buffer.clear", "response.create"):
            await client.send(type=kind)
        assert (await client.until("response.done")).response.status == "completed"
        await client.update(**MANUAL)
        await client.speak()
        await client.send(type="input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")


async def test_items_are_created_in_place_and_deleted():
    def item(name):
        return {"id": name, "type": "message", "role": "user", "content": [{"type": "input_text", "text": name}]}

    async with Scripted() as server, server.connect() as client:
        await client.send(type="conversation.item.create", item=item("b"))
        await client.send(type="conversation.item.create", item=item("d"))
        await client.send(type="conversation.item.create", item=item("c"), previous_item_id="b")
        await client.send(type="conversation.item.create", item=item("a"), previous_item_id="root")
        await client.until("conversation.item.done", 4)
        assert [(e.item.id, e.previous_item_id) for e in client.of("conversation.item.added")] == [
            ("b", None),
            ("d", "b"),
            ("c", "b"),
            ("a", None),
        ]
        await client.send(type="conversation.item.delete", item_id="c")
        assert (await client.until("conversation.item.deleted")).item_id == "c"
        await client.send(type="conversation.item.retrieve", item_id="d")
        assert (await client.until("conversation.item.retrieved")).item.content[0].text == "d"
        await client.send(type="response.create")
        await client.until("response.done")
        assert [turn.text for turn in server.brain.asked[0].turns] == ["a", "b", "d"]


async def test_truncation_leaves_what_was_heard():
    brain = Brain(lambda asked: [Text("One two three four."), Text("Five six seven eight.")])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        item_id = done.response.output[0].id
        await client.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=620)
        truncated = await client.until("conversation.item.truncated")
        assert (truncated.item_id, truncated.audio_end_ms) == (item_id, 620)
        await client.send(type="conversation.item.retrieve", item_id=item_id)
        item = (await client.until("conversation.item.retrieved")).item
        assert item.content[0].transcript == "One two three four. Five six"
        await client.send(type="response.create")
        await client.until("response.done")
        assert server.brain.asked[-1].turns[-1].text == "One two three four. Five six"


async def test_harmless_truncates_are_no_errors():
    async with Scripted() as server, server.connect() as client:
        await client.speak()
        done = await client.until("response.done")
        item_id = done.response.output[0].id
        for end in (10**9, 300, 0, 0):
            await client.send(type="conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=end)
        await client.until("conversation.item.truncated", 4)
        assert [event.audio_end_ms for event in client.of("conversation.item.truncated")] == [300, 300, 0, 0]
        await client.send(type="response.create", response={"output_modalities": ["text"]})
        written = (await client.until("response.done")).response.output[0].id
        await client.send(type="conversation.item.truncate", item_id=written, content_index=0, audio_end_ms=500)
        await client.until("conversation.item.truncated")
        assert not client.of("error")


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"item_id": "user"}, "invalid_value", "item_id"),
        ({"content_index": 1}, "invalid_value", "content_index"),
        ({"audio_end_ms": -1}, "invalid_value", "audio_end_ms"),
    ],
)
async def test_a_truncation_that_cannot_be_is_refused(change, code, param):
    async with Scripted() as server, raw(server) as client:
        reply = {**says("assistant", type="output_text", text="Yes."), "id": "reply"}
        for item in ({**text_item("x"), "id": "user"}, reply):
            await client.send(type="conversation.item.create", item=item)
        event = {"item_id": "reply", "content_index": 0, "audio_end_ms": 0} | change
        await client.send(type="conversation.item.truncate", **event)
        error = await client.error()
        assert (error.code, error.param) == (code, param)


async def test_an_event_that_the_engine_fails_on_ends_no_session(caplog):
    class Broken(Brain):
        def knows(self, text):
            raise RuntimeError("scripted")

    async with Scripted(brain=Broken()) as server, server.connect() as client:
        await client.update(**detection(type="semantic_vad"))
        await client.speak()
        error = await client.error()
        assert (error.type, error.code) == ("server_error", "server_error")
        assert "see its log" in error.message
        assert "scripted" in caplog.text
        await client.update()


@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.update", "session": {"type": "realtime", "instructions": "x" * LARGEST_WORDS}},
        {"type": "response.create", "response": {"instructions": "x" * LARGEST_WORDS}},
        {"type": "response.create", "response": {"input": [text_item("x" * LARGEST_WORDS)]}},
        {"type": "conversation.item.create", "item": text_item("x" * LARGEST_WORDS)},
        {"type": "conversation.item.retrieve", "item_id": "x" * LARGEST_WORDS},
    ],
    ids=range(5),
)
async def test_words_have_a_bound(event):
    async with Scripted() as server, raw(server) as client:
        await client.send(**event, event_id="mine")
        error = await client.error()
        assert (error.code, error.event_id) == ("event_too_large", "mine")
        await client.lives()


async def test_audio_may_be_larger_than_words():
    audio = append(bytes(LARGEST_WORDS))["audio"]
    async with Scripted() as server, raw(server) as client:
        await client.send(type="conversation.item.create", item=says("user", type="input_audio", audio=audio))
        await client.until("conversation.item.done")
        items = [says("user", type="input_audio", audio=audio)]
        await client.send(type="response.create", response={"conversation": "none", "input": items})
        await client.until("response.done")


async def test_a_conversation_has_a_bound_that_deleting_makes_room_in():
    big = text_item("x" * (MOST_CHARACTERS // 2))
    async with Scripted() as server, raw(server) as client:
        await client.send(type="conversation.item.create", item={**big, "id": "a"})
        await client.send(type="conversation.item.create", item={**big, "id": "b"})
        assert (await client.error()).code == "conversation_too_long"
        await client.send(type="conversation.item.delete", item_id="a")
        await client.send(type="conversation.item.create", item={**big, "id": "c"})
        assert (await client.until("conversation.item.done")).item.id == "c"
