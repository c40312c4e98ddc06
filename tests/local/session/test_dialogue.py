import base64

import pytest
from support.scripted import Scripted, raw, says, text_item, tone


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
