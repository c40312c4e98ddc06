"""The end of a connection to a Realtime server: closed, gone, or taking nothing any more."""

import asyncio
import socket as sockets
from collections.abc import Awaitable, Callable

import pytest
from support.network import come_back, vanish
from support.realtime_session import KEY, Open, at_once, last
from support.sessions import until

from device.conversation.engine import Audio, Fault
from device.conversation.events import Heard
from device.engines import websocket
from device.engines.realtime.session import RealtimeSession
from device.settings.types import Secret
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import Reply, Speech
from device.wire import realtime as wire

BOUND_S = 4
"""Seconds within which a dead connection must be noticed, where it may be unheard for 0.3 s; on a slow machine."""


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
