"""How a session with a Realtime server is opened, over real sockets, and how that fails."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from support.realtime_session import CLIENT_ORACLE, KEY, Open, configured, refused
from support.sessions import SOON, until

from device.conversation.engine import Capabilities, Fault, ReplyStarted, Said, ToolSpec
from device.engines.realtime.session import RealtimeSession
from device.settings.types import Secret
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.wire import realtime as wire
from device.wire import realtime_items as items

TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
CERTIFICATE = Path(__file__).parents[2] / "support" / "localhost.pem"
"""Of localhost, signed by itself, so that nobody trusts it."""


async def test_the_handshake_has_key_and_model_and_nothing_of_the_beta(server: ScriptedRealtime, opened: Open) -> None:
    await opened(api_key=Secret(KEY), model="gpt-realtime-2.1")
    assert server.connection.headers["Authorization"] == f"Bearer {KEY}"
    assert server.connection.query["model"] == "gpt-realtime-2.1"
    assert "OpenAI-Beta" not in server.connection.headers


async def test_without_a_key_no_authorization_is_sent(server: ScriptedRealtime, opened: Open) -> None:
    await opened()
    assert "Authorization" not in server.connection.headers


async def test_the_models_name_in_the_address_stays(server: ScriptedRealtime, opened: Open) -> None:
    await opened(url=f"{server.url}?model=mine", model="other")
    assert server.connection.query.getall("model") == ["mine"]


@pytest.mark.parametrize("end_of_turn", ["server", "semantic"])
async def test_a_server_interrupts_only_where_it_decides(
    server: ScriptedRealtime, opened: Open, end_of_turn: str
) -> None:
    await opened(end_of_turn=end_of_turn, interrupts=True)
    session = json.loads(wire.encode(server.all(wire.SessionUpdate)[0]))["session"]
    assert session["audio"]["input"]["turn_detection"]["interrupt_response"] is True


@pytest.mark.parametrize(
    ("end_of_turn", "turns"),
    [
        (
            "server",
            {"type": "server_vad", "silence_duration_ms": 700, "create_response": True, "interrupt_response": False},
        ),
        (
            "semantic",
            {"type": "semantic_vad", "eagerness": "low", "create_response": True, "interrupt_response": False},
        ),
        ("device", None),
    ],
)
async def test_the_session_that_is_asked_for(
    server: ScriptedRealtime, opened: Open, end_of_turn: str, turns: dict[str, Any] | None
) -> None:
    session = await opened(
        end_of_turn=end_of_turn,
        silence_ms=700,
        eagerness="low",
        voice="marin",
        instructions="Be brief.",
        tools=(TOOL,),
        noise_reduction="far_field",
        transcription_model="gpt-live-transcribe",
        language="en",
    )
    text = wire.encode(server.all(wire.SessionUpdate)[0])
    CLIENT_ORACLE.validate_json(text)
    pcm = {"type": "audio/pcm", "rate": 24_000}
    assert json.loads(text)["session"] == {
        "type": "realtime",
        "instructions": "Be brief.",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": pcm,
                "noise_reduction": {"type": "far_field"},
                "transcription": {"model": "gpt-live-transcribe", "language": "en"},
                "turn_detection": turns,
            },
            "output": {"format": pcm, "voice": "marin"},
        },
        "tools": [
            {
                "type": "function",
                "name": "get_time",
                "description": "Tell the time.",
                "parameters": {"type": "object", "properties": {}},
            }
        ],
        "tool_choice": "auto",
        "tracing": None,
    }
    assert session.capabilities == Capabilities(server_vad=end_of_turn != "device")


async def test_history_is_seeded_in_order_before_any_audio(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened((Said("user", "hello"), Said("assistant", "Good day.")))
    await session.hear(bytes(480))
    await server.wait(wire.InputAudioBufferAppend)
    update, hello, day, audio = (one.event for one in server.received)
    assert isinstance(update, wire.SessionUpdate)
    for event, role, kind, text in (
        (hello, "user", "input_text", "hello"),
        (day, "assistant", "output_text", "Good day."),
    ):
        assert isinstance(event, wire.ConversationItemCreate)
        assert (event.item.role, event.item.content) == (role, [items.Content(type=kind, text=text)])
        CLIENT_ORACLE.validate_json(wire.encode(event))
    assert audio == wire.InputAudioBufferAppend(bytes(480))


@pytest.mark.parametrize(
    ("status", "retry", "words"),
    [
        (401, False, "refused the key (401): set engine.openai.api_key"),
        (403, False, "openai.model"),
        (404, False, "openai.url"),
        (400, False, "refused the session (400)"),
        (429, True, "busy or in trouble (429)"),
        (500, True, "busy or in trouble (500)"),
        (503, True, "busy or in trouble (503)"),
        (200, False, "not as an engine"),
    ],
)
async def test_a_refused_handshake(server: ScriptedRealtime, status: int, retry: bool, words: str) -> None:
    server.refuse = status
    server.refusal = json.dumps({"error": {"message": f"no, {KEY}", "code": None}})
    fault = await refused(configured(url=server.url, api_key=Secret(KEY)))
    assert fault.retry is retry
    assert words in fault.message
    assert KEY not in fault.message


async def test_a_crowd_says_when_to_come_again(server: ScriptedRealtime) -> None:
    server.refuse = 429
    server.refusal_headers = {"Retry-After": "7"}
    fault = await refused(configured(url=server.url))
    assert (fault.code, fault.retry, fault.retry_after_s) == ("http_429", True, 7)


@pytest.mark.parametrize(
    ("scheme", "tls", "code"), [("wss", True, "certificate"), ("wss", False, "tls"), ("ws", True, "unreachable")]
)
async def test_tls_that_fails(scheme: str, tls: bool, code: str) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 this is no TLS\r\n")
        writer.close()

    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE)
    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context) as listener:
        port = listener.sockets[0].getsockname()[1]
        fault = await refused(configured(url=f"{scheme}://127.0.0.1:{port}/", api_key=Secret(KEY)))
    assert (fault.code, fault.retry) == (code, True)
    assert "engine.openai.url" in fault.message


async def test_no_quota_is_told_from_a_crowd(server: ScriptedRealtime) -> None:
    server.refuse = 429
    server.refusal = json.dumps({"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
    fault = await refused(configured(url=server.url))
    assert (fault.code, fault.retry) == ("insufficient_quota", False)
    assert "billing" in fault.message


@pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"error": "text"}', "x" * 100_000])
async def test_a_refusal_with_any_body_is_read(server: ScriptedRealtime, body: str) -> None:
    server.refuse, server.refusal = 503, body
    assert (await refused(configured(url=server.url))).code == "http_503"


async def test_nobody_listens(unused_tcp_port: int) -> None:
    fault = await refused(configured(url=f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime", section="local"))
    assert fault.retry
    assert fault.message == "127.0.0.1 cannot be reached (Connection refused): check that it runs and local.url"


@pytest.mark.parametrize("url", ["ftp://host/x", "nonsense", "ws:///x", ""])
async def test_an_address_that_is_none(url: str) -> None:
    fault = await refused(configured(url=url))
    assert fault == Fault("bad_url", "engine.openai.url must be a ws:// or wss:// address", retry=False)


async def nothing(_connection: Connection, _event: object) -> None:
    return


@pytest.mark.parametrize(
    ("silent", "answer"), [(wire.SessionCreated, "session.created"), (wire.SessionUpdate, "session.updated")]
)
async def test_a_server_that_does_not_answer(server: ScriptedRealtime, silent: type[wire.Message], answer: str) -> None:
    server.on(silent, nothing)
    fault = await refused(configured(url=server.url, open_timeout_s=0.2))
    assert (fault.code, fault.retry) == ("timeout", True)
    assert f"sent no {answer} within 0.2 s" in fault.message


async def test_a_server_that_takes_the_connection_and_says_nothing() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    listener = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    fault = await refused(configured(url=f"ws://127.0.0.1:{port}/", open_timeout_s=0.2))
    assert (fault.code, fault.retry) == ("timeout", True)
    listener.close()
    async with asyncio.timeout(SOON):
        await gone.wait()


@pytest.mark.parametrize(
    ("code", "retry", "words"),
    [
        ("invalid_value", False, "did not accept the session's settings"),
        ("invalid_api_key", False, "set engine.openai.api_key"),
        ("model_not_found", False, "openai.model"),
        ("server_error", True, "did not accept"),
        ("rate_limit_exceeded", True, "did not accept"),
    ],
)
async def test_settings_that_the_server_refuses(server: ScriptedRealtime, code: str, retry: bool, words: str) -> None:
    async def complain(connection: Connection, _event: wire.SessionUpdate) -> None:
        await connection.complain(code, f"no voice {KEY}")

    server.on(wire.SessionUpdate, complain)
    fault = await refused(configured(url=server.url, api_key=Secret(KEY), model="m"))
    assert (fault.code, fault.retry) == (code, retry)
    assert words in fault.message


async def test_a_server_that_closes_while_the_session_opens(server: ScriptedRealtime) -> None:
    async def close(connection: Connection, _event: wire.SessionUpdate) -> None:
        await connection.close(4000, "beta_api_shape_disabled")

    server.on(wire.SessionUpdate, close)
    fault = await refused(configured(url=server.url))
    assert (fault.code, fault.retry) == ("beta_api_shape_disabled", False)


async def test_a_server_with_sessions_of_its_own_shape_is_good_enough(server: ScriptedRealtime, opened: Open) -> None:
    async def greet(connection: Connection, _event: wire.SessionCreated) -> None:
        await connection.send_binary(b"\x00")
        await connection.send_text("{")
        await connection.send_text('{"type": "vendor.hello"}')
        await connection.send_text('{"type": "session.created", "session": {"tools": "all"}}')

    async def update(connection: Connection, _event: wire.SessionUpdate) -> None:
        await connection.send_text('{"type": "session.updated"}')

    server.on(wire.SessionCreated, greet)
    server.on(wire.SessionUpdate, update)
    session = await opened()
    await session.commit()
    assert isinstance((await until(session, ReplyStarted))[-1], ReplyStarted)


async def test_an_attempt_that_is_given_up_leaves_nothing_open(server: ScriptedRealtime) -> None:
    server.on(wire.SessionUpdate, nothing)
    session = RealtimeSession(configured(url=server.url))
    attempt = asyncio.create_task(session.open(()))
    await server.wait(wire.SessionUpdate)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert [event async for event in session.events()] == []
