"""What Realtime servers do wrong, and what becomes of the session."""

import asyncio
import json
import logging
import time

import pytest
from msgspec.structs import replace
from support.realtime_session import KEY, Open, last
from support.sessions import until

from device.conversation.engine import Audio, EngineEvent, Expiring, Fault, ReplyEnded, ReplyStarted
from device.conversation.events import Heard
from device.engines import faults, websocket
from device.settings.types import Secret
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import Reply
from device.wire import realtime as wire
from device.wire import realtime_items as items


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


async def test_an_end_that_comes_sooner_than_the_server_said_is_announced(
    server: ScriptedRealtime, opened: Open
) -> None:
    session = await opened()
    soon = replace(server.connection.session, type="realtime", expires_at=round(time.time()) + 60)
    await server.connection.send(wire.SessionUpdated(soon))
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
