"""The server on a real port: limits, bad clients, many clients."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import pytest
from openai import AsyncOpenAI
from support.scripted import MANUAL, ORACLE, PATIENCE, Brain, Client, Recogniser, Scripted, Voice, happens, tone

from device.local.stages import Text

MIB = 1024 * 1024


class Raw:
    """A WebSocket client without manners."""

    def __init__(self, ws):
        self.ws = ws

    async def next(self):
        frame = await self.ws.receive(PATIENCE)
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        return ORACLE.validate_json(frame.data)

    async def until(self, kind):
        while (event := await self.next()).type != kind:
            pass
        return event

    async def send(self, **event):
        await self.ws.send_str(json.dumps(event))

    async def error(self):
        return (await self.until("error")).error

    async def lives(self):
        """Check that the session still answers."""
        await self.send(type="input_audio_buffer.clear")
        await self.until("input_audio_buffer.cleared")


@asynccontextmanager
async def raw(server, **options):
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.url}/realtime", **options) as ws:
        client = Raw(ws)
        await client.until("session.created")
        yield client


def says(role, **content):
    return {"type": "message", "role": role, "content": [content]}


def text_item(text):
    return says("user", type="input_text", text=text)


def append(pcm):
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}


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


async def test_websocket_base_url():
    async with Scripted() as server:
        url = server.url.replace("http", "ws")
        async with (
            AsyncOpenAI(api_key="x", websocket_base_url=url) as openai,
            openai.realtime.connect(model="other") as connection,
        ):
            created = await Client(connection).until("session.created")
            assert created.session.model == "other"


async def test_browser_clients_get_their_subprotocol():
    async with (
        Scripted() as server,
        raw(server, protocols=("realtime", "openai-insecure-api-key.x", "openai-agents-sdk.1")) as client,
    ):
        assert client.ws.protocol == "realtime"


async def test_health():
    async with Scripted(sessions=3) as server, server.connect(), aiohttp.ClientSession() as http:
        async with http.get(server.url.replace("/v1", "/health")) as answer:
            assert answer.status == 200
            health = await answer.json()
        assert (health["ready"], health["sessions"], health["max_sessions"]) == (True, 1, 3)
        assert health["version"]


async def test_plain_http_is_told_that_this_is_a_websocket():
    async with Scripted() as server, aiohttp.ClientSession() as http, http.get(f"{server.url}/realtime") as answer:
        assert answer.status == 426
        assert (await answer.json())["error"]["code"] == "websocket_required"


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
        await client.send(**append(bytes(15 * MIB)), event_id="mine")
        error = await client.error()
        assert (error.code, error.event_id) == ("event_too_large", "mine")
        await client.lives()


async def test_an_absurd_frame_ends_the_connection():
    async with Scripted() as server, server.connect() as other:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
        head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
        writer.write(f"GET /v1/realtime HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        await reader.readuntil(b"session.created")
        # The head of a masked text frame of 33 MiB; the server need not see the rest.
        writer.write(b"\x81\xff" + (33 * MIB).to_bytes(8, "big") + bytes(4))
        rest = await asyncio.wait_for(reader.read(), PATIENCE)
        close = rest.index(b"\x88", rest.rindex(b"}"))
        assert int.from_bytes(rest[close + 2 : close + 4], "big") == 1009
        writer.close()
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_a_large_append_is_heard_whole():
    recogniser = Recogniser()
    async with Scripted(recogniser) as server, server.connect() as client:
        await client.append(np.concatenate([tone(60_000), np.zeros(24_000 * 60, np.int16)]))
        await client.until("response.done")
        assert recogniser.heard[0] / 16 == pytest.approx(60_000 + 500, abs=64)


async def test_events_out_of_order_do_no_harm():
    async with Scripted() as server, server.connect() as client:
        for kind in ("response.cancel", "input_audio_buffer.commit", "input_audio_buffer.clear", "response.create"):
            await client.send(type=kind)
        assert (await client.until("response.done")).response.status == "completed"
        await client.update(**MANUAL)
        await client.speak()
        await client.send(type="input_audio_buffer.commit")
        await client.until("conversation.item.input_audio_transcription.completed")


async def test_one_session_more_than_the_limit_is_refused():
    async with Scripted(sessions=2) as server, aiohttp.ClientSession() as http:
        async with raw(server), raw(server):
            async with http.get(f"{server.url}/realtime", headers=UPGRADE) as answer:
                assert answer.status == 503
                message = (await answer.json())["error"]["message"]
            assert "local.sessions" in message
            assert "2 sessions" in message
        async with raw(server) as client:
            await client.lives()


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def test_a_hundred_sessions_at_once():
    brain = Brain(lambda asked: [Text(f"You are {asked.turns[-1].text}.")])
    async with Scripted(brain=brain, sessions=100) as server:

        async def talk(n):
            async with raw(server) as client:
                await client.send(type="conversation.item.create", item=text_item(f"number {n}"))
                await client.send(type="response.create")
                done = await client.until("response.done")
                return done.response.output[0].content[0].transcript

        said = await asyncio.gather(*(talk(n) for n in range(100)))
        assert said == [f"You are number {n}." for n in range(100)]


async def test_sessions_do_not_hear_each_other():
    async with Scripted(Recogniser("one", "two")) as server, server.connect() as first, server.connect() as second:
        await first.append(tone(400))
        await second.append(np.zeros(48_000, np.int16))
        await second.update()
        await first.speak(ms=200)
        await first.until("response.done")
        assert not second.of("input_audio_buffer.speech_started")
        await second.speak()
        await second.until("response.done")
        assert [turn.text for turn in server.brain.asked[-1].turns] == ["two"]


async def test_a_client_that_vanishes_in_mid_reply():
    voice = Voice(words=10**6)
    async with Scripted(voice=voice) as server, server.connect() as other:
        async with raw(server) as client:
            await client.send(type="response.create")
            await client.until("response.output_audio.delta")
            client.ws._response.connection.transport.abort()
            await happens(voice.closed)
        voice.words = None
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_a_client_that_never_reads_is_dropped_and_hogs_nothing():
    voice = Voice(words=10**6)
    async with Scripted(voice=voice, stall_s=1.0) as server, server.connect() as other:
        async with raw(server) as client:
            await client.send(type="response.create")
            await client.until("response.output_audio.delta")
            await happens(voice.closed)
        # Loopback sockets swallow some megabytes; 10 MiB of base64 are 16 minutes of audio.
        assert voice.pieces * 6400 < 10 * MIB
        voice.words = None
        await other.speak()
        assert (await other.until("response.done")).response.status == "completed"


async def test_a_client_that_asks_and_never_reads_is_not_heard_for_ever():
    async def ask(client):
        while True:
            await client.send(type="conversation.item.retrieve", item_id="big")
            await asyncio.sleep(0)

    async with Scripted(stall_s=1.0) as server, raw(server) as client:
        await client.send(type="conversation.item.create", item={**text_item("x" * 100_000), "id": "big"})
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(ask(client), PATIENCE)


async def test_shutting_down_says_goodbye():
    async with Scripted() as server, raw(server) as client:
        await server._runner.shutdown()
        frame = await client.ws.receive(PATIENCE)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, 1001)
