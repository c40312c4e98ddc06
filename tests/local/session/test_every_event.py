"""Every event that the server can send: seen in one conversation or another, and just as the official SDK has it."""

import ast
from pathlib import Path
from typing import get_args

from openai import BaseModel
from support.scripted import MANUAL, Brain, Recogniser, Scripted, Voice, detection

import device.local
from device.local.stages import Call, Text
from device.wire import realtime as wire

EVENTS = {event.__name__: event.__struct_config__.tag for event in get_args(wire.ServerEvent)}
UNTYPED = {"session.id", "session.object"}
"""What OpenAI's server sends and the SDK has no field for."""


def sent():
    """Return the types of the events that the server's code makes."""
    found = set()
    for path in Path(device.local.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in EVENTS:
                    found.add(EVENTS[name])
    return found


def untyped(value, path):
    """Yield the paths of fields that the SDK does not know."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from untyped(getattr(value, name), f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for one in value:
            yield from untyped(one, path)


def script(asked):
    words = asked.turns[-1].text if asked.turns else ""
    return [Text("One moment."), Call("f", "{}")] if words == "call" else [Text("It is noon.")]


async def say_it_all(server, client):
    """Have every event said; what the client reads is checked by its types."""
    server.recogniser.fails = True
    await client.speak()
    await client.until("conversation.item.input_audio_transcription.failed")
    await client.until("response.done")
    server.recogniser.fails = False
    await client.speak()
    await client.until("response.done")
    reply = client.of("response.output_item.added")[-1].item.id
    await client.send(type="conversation.item.truncate", item_id=reply, content_index=0, audio_end_ms=50)
    await client.until("conversation.item.truncated")
    await client.send(type="conversation.item.retrieve", item_id=reply)
    await client.until("conversation.item.retrieved")
    await client.send(type="conversation.item.delete", item_id=reply)
    await client.until("conversation.item.deleted")
    await client.update(**detection(idle_timeout_ms=1))
    await client.user("call")
    await client.send(type="response.create")
    await client.until("input_audio_buffer.timeout_triggered")
    await client.until("response.done")
    await client.update(output_modalities=["text"], **MANUAL)
    await client.send(type="response.create")
    await client.until("response.done")
    await client.send(type="input_audio_buffer.clear")
    await client.until("input_audio_buffer.cleared")
    await client.send(type="response.cancel")
    await client.until("error")


async def test_every_event_is_as_the_sdk_has_it():
    async with (
        Scripted(Recogniser("what time is it"), Brain(script), Voice()) as server,
        server.connect() as client,
    ):
        await say_it_all(server, client)
        assert set(client.types) == sent()
        extra = {path for event in client.events for path in untyped(event, "")}
        assert extra <= UNTYPED
