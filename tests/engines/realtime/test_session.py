"""The session with a Realtime server, over real sockets; the server does what each test says."""

import asyncio
import json
import logging
import socket as sockets
import ssl
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec.structs import replace
from openai.types.realtime import RealtimeClientEvent
from pydantic import Field, TypeAdapter
from support import sessions
from support.network import come_back, vanish
from support.sessions import SOON, opening, until

from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    EngineError,
    EngineEvent,
    Expiring,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    ToolCall,
    ToolSpec,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines import faults, websocket
from device.engines.realtime.config import RealtimeConfig
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine
from device.settings.types import Secret
from device.simulation.scripted_engine import Call, Connection, Reply, ScriptedRealtime, Speech
from device.tools.registry import Registry
from device.wire import realtime as wire
from device.wire import realtime_items as items

KEY = "sk-a-very-secret-key"
TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
CLIENT_ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeClientEvent, Field(discriminator="type")])
CERTIFICATE = Path(__file__).parents[2] / "support" / "localhost.pem"
"""Of localhost, signed by itself, so that nobody trusts it."""
BOUND_S = 4
"""Seconds within which a dead connection must be noticed, where it may be unheard for 0.3 s; on a slow machine."""

Open = Callable[..., Awaitable[RealtimeSession]]


def configured(**given: Any) -> RealtimeConfig:
    """Return a config with these fields of an engine, of what is wanted, or its own."""
    return sessions.configured(RealtimeConfig, RealtimeEngine, **given)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedRealtime]:
    async with ScriptedRealtime() as running:
        yield running


@pytest.fixture
async def opened(server: ScriptedRealtime) -> AsyncIterator[Open]:
    """Open sessions with the server, and close them after the test."""

    def make(**config: Any) -> RealtimeSession:
        return RealtimeSession(
            configured(**{"url": server.url, "model": "m", "end_of_turn": "device", "heartbeat_s": None, **config})
        )

    async with opening(make) as start:
        yield start


async def last(session: RealtimeSession) -> EngineEvent:
    """Return the last that the engine says."""
    async with asyncio.timeout(SOON):
        got = [event async for event in session.events()]
    return got[-1]


async def refused(config: RealtimeConfig) -> Fault:
    session = RealtimeSession(config)
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(session) + repr(config)
    assert KEY not in shown
    assert caught.value.__context__ is None  # aiohttp's exception shows the request's headers
    return caught.value.fault


# Opening


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


# Talking


async def test_a_turn(server: ScriptedRealtime, opened: Open) -> None:
    server.replies.append(Reply((Speech(b"\x01\x02" * 6000, "It is noon."), Call("get_time"))))
    server.replies.popleft()
    server.transcript = "what time is it"
    session = await opened()
    await session.hear(b"\x05\x06" * 240)
    await session.commit()
    got = await until(session, ReplyEnded)
    assert server.all(wire.InputAudioBufferAppend)[0].audio == b"\x05\x06" * 240
    words, said, started, spoken, *audio, text, done, call, ended = got
    assert isinstance(words, Words)
    assert said == Words("user", "what time is it", final=True, item=words.item)
    assert isinstance(started, ReplyStarted)
    assert isinstance(spoken, Words)
    item = spoken.item
    assert b"".join(event.pcm for event in audio if isinstance(event, Audio)) == b"\x01\x02" * 6000
    assert text == Words("assistant", "It is noon.", final=True, item=item)
    assert done == AudioDone(started.reply, item)
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("get_time", "{}")
    assert ended == ReplyEnded(started.reply, "completed", Usage(input_tokens=10, output_tokens=20))


async def test_everything_sent_is_of_the_protocol(server: ScriptedRealtime, opened: Open) -> None:
    server.replies = type(server.replies)(
        [Reply((Speech(bytes(48_000)), Call("f", call_id="c")), delta_ms=20), Reply()]
    )
    session = await opened((Said("user", "hello"),), tools=(TOOL,))
    await session.hear(bytes(480))
    await session.commit()
    await until(session, ReplyEnded)
    await session.tool_result("c", "{}", reply=True)
    started, *_ = [event for event in await until(session, Audio) if isinstance(event, ReplyStarted)]
    await until(session, ReplyEnded)
    await session.say("The timer is up.")
    got = await until(session, Audio)
    assert isinstance(got[-1], Audio)
    await session.interrupt([Heard(got[-1].item, 3, whole=False)])
    await server.wait(wire.ConversationItemTruncate)
    assert started.reply != got[0]
    for one in server.received:
        CLIENT_ORACLE.validate_json(wire.encode(one.event))


async def test_tool_results_are_answered_after_the_last_of_them(server: ScriptedRealtime, opened: Open) -> None:
    server.replies = type(server.replies)([Reply((Call("f", call_id="a"), Call("g", call_id="b"))), Reply()])
    session = await opened()
    await session.commit()
    calls = [event.call_id for event in await until(session, ReplyEnded) if isinstance(event, ToolCall)]
    assert calls == ["a", "b"]
    await session.tool_result("b", '"done"', reply=True)
    await session.tool_result("a", '"done"', reply=True)
    await until(session, ReplyEnded)
    order = [type(one.event).__name__ for one in server.received][-3:]
    assert order == ["ConversationItemCreate", "ConversationItemCreate", "ResponseCreate"]


async def test_an_interruption_ends_the_reply_and_nothing_more_of_it_comes(
    server: ScriptedRealtime, opened: Open
) -> None:
    server.replies = type(server.replies)([Reply((Speech(bytes(480_000)),), delta_ms=20, pace=0.5), Reply()])
    session = await opened()
    await session.commit()
    first = (await until(session, Audio))[-1]
    assert isinstance(first, Audio)
    await session.interrupt([Heard(first.item, 7, whole=False)])
    rest = await until(session, ReplyEnded)
    assert rest == [ReplyEnded(first.reply, "cancelled", message="client_cancelled")]
    truncate = server.all(wire.ConversationItemTruncate)
    assert [(one.item_id, one.content_index, one.audio_end_ms) for one in truncate] == [(first.item, 0, 7)]
    await session.commit()
    assert isinstance((await until(session, AudioDone))[-1], AudioDone)


async def test_audio_that_waits_to_be_read_is_dropped_by_an_interruption(
    server: ScriptedRealtime, opened: Open
) -> None:
    session = await opened()
    await session.commit()
    events = session.events()
    async for event in events:
        if isinstance(event, Audio):
            break
    assert server.connection.speaking is not None
    await server.connection.speaking
    await asyncio.sleep(0.1)  # all of the reply is here
    await session.interrupt([Heard(event.item, 10, whole=False)])
    async for event in events:
        assert isinstance(event, ReplyEnded)
        break


async def test_audio_at_a_thousand_times_its_pace_comes_whole_and_holds_nothing_up(
    server: ScriptedRealtime, opened: Open
) -> None:
    pcm = b"".join(number.to_bytes(2, "little") for number in range(48_000)) * 60
    server.replies = type(server.replies)([Reply((Speech(pcm),), delta_ms=20)])
    session = await opened()
    await session.commit()
    got = bytearray()
    async with asyncio.timeout(SOON):
        async for event in session.events():
            if isinstance(event, Audio):
                got += event.pcm
                at_once(session.hear(bytes(480)))
            elif isinstance(event, ReplyEnded):
                break
    assert got == pcm


async def test_a_call_for_a_tool_that_there_is_not_is_answered_with_what_there_is(
    server: ScriptedRealtime, opened: Open
) -> None:
    server.replies = type(server.replies)([Reply((Call("open_door", call_id="c"),)), Reply()])
    session = await opened(tools=(TOOL,))
    await session.commit()
    call = next(one for one in await until(session, ReplyEnded) if isinstance(one, ToolCall))
    result = await Registry([]).call(call.name, call.arguments)
    await session.tool_result(call.call_id, result.output, reply=result.reply)
    spoken = await until(session, ReplyEnded)
    assert any(isinstance(one, Audio) for one in spoken)
    (answer,) = server.all(wire.ConversationItemCreate)
    assert (answer.item.call_id, "no tool called 'open_door'" in (answer.item.output or "")) == ("c", True)


# What servers do wrong


async def test_nonsense_is_passed_over_and_warned_of_once(
    server: ScriptedRealtime, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    session = await opened(api_key=Secret(KEY))
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            await server.connection.send_text("{malformed")
            await server.connection.send_text('["no", "object"]')
            await server.connection.send_binary(bytes(1000))
            await server.connection.send_text(json.dumps({"type": f"vendor.{KEY}"}))
            await server.connection.send_text('{"type": "response.output_audio.delta", "item_id": "i", "delta": "%%"}')
            await server.connection.send_text('{"type": "response.done", "response": []}')
        await session.commit()
        got = await until(session, ReplyEnded)
    assert isinstance(got[-1], ReplyEnded)
    assert got[-1].status == "completed"
    warnings = [one for one in caplog.records if one.levelno >= logging.WARNING and one.name.startswith("device")]
    assert len(warnings) == 5
    assert KEY not in caplog.text


async def test_a_frame_of_20_mib_ends_the_session(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    sending = asyncio.create_task(server.connection.send_text(json.dumps({"type": "x", "pad": "a" * 20 * 2**20})))
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("too_big", True)
    sending.cancel()


async def test_audio_with_an_odd_number_of_bytes_is_put_together(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    for piece in (b"\x01", b"\x02\x03\x04\x05", b"\x06\x07"):
        delta = wire.ResponseOutputAudioDelta(piece, item_id="i", response_id="r")
        await server.connection.send(delta)
    await server.connection.send(wire.ResponseDone(items.Response(id="r", status="completed")))
    got = await until(session, ReplyEnded)
    assert b"".join(event.pcm for event in got if isinstance(event, Audio)) == bytes(range(1, 7))


async def test_events_out_of_order_and_deltas_for_a_cancelled_item(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    delta = wire.ResponseOutputAudioDelta(bytes(480), item_id="i", response_id="r")
    await server.connection.send(delta)
    await server.connection.send(wire.ResponseOutputItemAdded(items.Item("message", id="i"), response_id="r"))
    await server.connection.send(wire.ResponseCreated(items.Response(id="r")))
    assert await until(session, Audio) == [ReplyStarted("r"), Audio("r", "i", bytes(480))]
    await session.interrupt([Heard("i", 4, whole=False)])
    await server.wait(wire.ConversationItemTruncate)
    await server.connection.send(delta)
    await server.connection.send(wire.ResponseDone(items.Response(id="r", status="cancelled")))
    await server.connection.send(delta)
    await server.connection.send(wire.InputAudioBufferSpeechStarted(item_id="u"))
    assert [type(event) for event in await until(session, EngineEvent)] == [ReplyEnded]


@pytest.mark.parametrize("code", sorted(faults.HARMLESS))
async def test_harmless_errors_go_to_the_debug_log_alone(
    server: ScriptedRealtime, opened: Open, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    session = await opened()
    with caplog.at_level(logging.DEBUG):
        await server.connection.complain(code)
        await session.commit()
        await until(session, ReplyEnded)
    (record,) = [one for one in caplog.records if "complains" in one.message]
    assert record.levelno == logging.DEBUG


async def test_a_truncation_that_is_too_long_is_harmless_but_other_bad_values_are_not(
    server: ScriptedRealtime, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    session = await opened()
    await server.connection.complain("invalid_value", "already shorter", "truncate_5")
    await server.connection.complain("invalid_value", f"bad {KEY}", "create_5")
    await session.commit()
    with caplog.at_level(logging.DEBUG):
        await until(session, ReplyEnded)
    levels = [one.levelno for one in caplog.records if "complains" in one.message]
    assert levels == [logging.DEBUG, logging.WARNING]


@pytest.mark.parametrize("code", sorted(faults.FATAL))
async def test_fatal_errors_end_the_session_and_say_what_to_do(
    server: ScriptedRealtime, opened: Open, code: str
) -> None:
    session = await opened()
    await server.connection.complain(code)
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == (code, False)
    assert any(fix in fault.message for fix in ("set ", "check ", "see "))


async def test_a_reply_that_failed_for_want_of_credit_ends_the_session(server: ScriptedRealtime, opened: Open) -> None:
    error = items.ErrorDetail(message="no credit", code="insufficient_quota")
    server.replies = type(server.replies)([Reply((), status="failed", error=error)])
    session = await opened()
    await session.commit()
    got = await until(session, Fault)
    assert [type(event) for event in got] == [ReplyStarted, ReplyEnded, Fault]
    assert isinstance(got[1], ReplyEnded)
    assert (got[1].status, got[1].message) == ("failed", "no credit")
    assert isinstance(got[2], Fault)
    assert not got[2].retry


async def test_a_reply_that_failed_otherwise_does_not(server: ScriptedRealtime, opened: Open) -> None:
    error = items.ErrorDetail(message="hiccup", code="server_error")
    server.replies = type(server.replies)([Reply((), status="failed", error=error), Reply()])
    session = await opened()
    await session.commit()
    await until(session, ReplyEnded)
    await session.commit()
    (ended,) = (event for event in await until(session, ReplyEnded) if isinstance(event, ReplyEnded))
    assert ended.status == "completed"


async def test_an_expired_session_may_be_opened_again(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    await server.connection.complain("session_expired")
    await server.connection.close(1001, "session_expired")
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("session_expired", True)


async def test_a_sessions_end_is_announced(opened: Open) -> None:
    session = await opened(lifetime_s=websocket.EXPIRING_S + 0.05)
    assert await until(session, Expiring) == [Expiring(websocket.EXPIRING_S)]


@pytest.mark.parametrize("where", [wire.SessionCreated, wire.SessionUpdate])
async def test_an_end_that_the_server_tells_of_is_announced(
    server: ScriptedRealtime, opened: Open, where: type[wire.Message]
) -> None:
    async def tell(connection: Connection, _event: wire.Message) -> None:
        expiring = replace(connection.session, type="realtime", expires_at=round(time.time()) + 60)
        kind = wire.SessionCreated if where is wire.SessionCreated else wire.SessionUpdated
        await connection.send(kind(expiring))

    server.on(where, tell)
    session = await opened()
    (event,) = await until(session, Expiring)
    assert isinstance(event, Expiring)
    assert 50 < event.seconds <= 61


@pytest.mark.parametrize("ends_in", [-30, 10 * 365 * 86_400])
async def test_an_end_that_cannot_be_is_not_believed(server: ScriptedRealtime, opened: Open, ends_in: int) -> None:
    server.on(
        wire.SessionCreated,
        lambda connection, _: connection.send(
            wire.SessionCreated(replace(connection.session, expires_at=round(time.time()) + ends_in))
        ),
    )
    assert (await opened())._expiry is None  # noqa: SLF001 - no event or message tells of it


async def test_a_session_without_an_end_announces_none(opened: Open) -> None:
    session = await opened(lifetime_s=0)
    assert session._expiry is None  # noqa: SLF001 - no event or message tells of it


# The end of a connection


@pytest.mark.parametrize(
    ("close", "code", "retry"),
    [
        (lambda connection: connection.close(1001, "going"), "closed_1001", True),
        (lambda connection: connection.close(1011, f"broke {KEY}"), "closed_1011", True),
        (lambda connection: connection.close(1008, "invalid_api_key"), "invalid_api_key", False),
        (lambda connection: asyncio.sleep(0, connection.abort()), "lost", True),
    ],
)
async def test_a_server_that_closes_in_mid_reply(
    server: ScriptedRealtime, opened: Open, close: Callable[[Connection], Awaitable[None]], code: str, retry: bool
) -> None:
    server.replies = type(server.replies)([Reply((Speech(bytes(480_000)),), delta_ms=20, pace=1.0)])
    session = await opened(api_key=Secret(KEY))
    await session.commit()
    await until(session, Audio)
    await close(server.connection)
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == (code, retry)
    assert KEY not in fault.message
    await session.hear(bytes(480))
    await session.interrupt([Heard("i", 0, whole=False)])
    await session.say("nobody hears this")


def ends(server: ScriptedRealtime, session: RealtimeSession) -> tuple[sockets.socket, sockets.socket]:
    return server.connection.plain, session.transport.socket.get_extra_info("socket")


async def test_a_connection_that_goes_nowhere_is_noticed_by_what_is_sent(
    server: ScriptedRealtime, opened: Open
) -> None:
    session = await opened(unheard_s=0.3)
    vanish(*ends(server, session))
    ended = asyncio.create_task(last(session))
    async with asyncio.timeout(BOUND_S):
        while not ended.done():
            await session.hear(bytes(480))
            await asyncio.wait([ended], timeout=0.01)
    fault = await ended
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("lost", True)


async def test_a_connection_that_goes_nowhere_is_noticed_though_nothing_is_sent(
    server: ScriptedRealtime, opened: Open
) -> None:
    session = await opened(unheard_s=0.3)
    vanish(*ends(server, session))
    async with asyncio.timeout(BOUND_S):
        fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("lost", True)


async def test_a_network_that_is_soon_back_costs_no_word(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened(unheard_s=10.0)
    both = ends(server, session)
    vanish(*both)
    for number in range(20):
        await session.hear(bytes([number, 0]) * 240)
    await asyncio.sleep(0)  # they are on their way into nothing
    come_back(*both)
    await server.wait(wire.InputAudioBufferAppend, 20)
    assert [one.audio[0] for one in server.all(wire.InputAudioBufferAppend)] == list(range(20))
    assert len(server.connections) == 1


async def test_two_seconds_are_the_bound_where_nothing_else_is_said(opened: Open) -> None:
    session = await opened()
    plain = session.transport.socket.get_extra_info("socket")
    assert plain.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT) == 2000
    assert plain.getsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE)
    assert plain.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_KEEPIDLE) == 1


async def test_a_half_open_connection_is_noticed(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened(heartbeat_s=0.2)
    server.connection.reading.clear()
    await session.hear(bytes(480))
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("lost", True)


def at_once(coroutine: Any) -> None:
    """Run a coroutine that must not wait."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


async def test_a_socket_that_takes_nothing_ends_the_session_and_blocks_nobody(
    server: ScriptedRealtime, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "MAX_UNSENT", 2**40)
    session = await opened(stuck_s=0.3)
    server.connection.reading.clear()
    ended = asyncio.create_task(last(session))
    while not ended.done():
        at_once(session.hear(bytes(2**18)))
        await asyncio.sleep(0.002)
    fault = await ended
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("stuck", True)


async def test_what_waits_to_be_sent_does_not_grow_without_bound(
    server: ScriptedRealtime, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "MAX_UNSENT", 2**20)
    session = await opened(stuck_s=1000)
    for _ in range(5000):
        at_once(session.hear(bytes(480)))
    fault = await last(session)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.retry) == ("stuck", True)
    assert session._outbox.qsize() < 1700  # noqa: SLF001 - no event or message tells of it


async def test_closing_is_no_fault_and_may_be_repeated(server: ScriptedRealtime, opened: Open) -> None:
    session = await opened()
    await session.close()
    await session.close()
    assert [event async for event in session.events()] == []
    assert [event async for event in session.events()] == []
    await session.hear(bytes(480))


async def test_closing_a_session_that_was_never_opened_is_harmless() -> None:
    session = RealtimeSession(configured(url="ws://127.0.0.1:1"))
    await session.hear(bytes(480))
    await session.close()


async def test_the_key_is_nowhere_to_be_seen(
    server: ScriptedRealtime, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = await opened(api_key=Secret(KEY), url=server.url.replace("ws://", f"ws://user:{KEY}@"))
        await server.connection.complain("odd", f"the key {KEY} is odd\nand so is this")
        await server.connection.complain("invalid_api_key", f"the key {KEY} is bad")
        fault = await last(session)
    assert KEY not in repr(session) + repr(session.config) + repr(fault) + caplog.text
    assert all("\n" not in record.getMessage() for record in caplog.records if record.name.startswith("device"))
