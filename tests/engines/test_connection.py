"""How a server is reached."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import WSMsgType
from support.scripted_words import ScriptedWords
from yarl import URL

from device.engines.connection import MAX_REFUSAL, Connection, Transport
from device.engines.faults import Endpoint
from device.settings.types import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "sk-a-very-secret-key"
AT = Endpoint("example.org", "m", "engine.x", "X_KEY")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedWords]:
    async with ScriptedWords() as running:
        yield running


def transport_to(server: ScriptedWords, **fields: Any) -> Transport:
    return Transport(Connection(**{"url": server.url, "at": AT, "heartbeat_s": None, **fields}))


def test_before_it_connects_there_is_no_socket() -> None:
    with pytest.raises(RuntimeError, match="never opened"):
        _ = Transport(Connection(url="ws://x/", at=AT)).socket


async def test_the_key_stands_in_the_headers(server: ScriptedWords) -> None:
    transport = transport_to(server, key=Secret(KEY), headers={"X-Key": "Token {key}", "X-Version": "2"})
    assert await transport.connect(URL(server.url)) is None
    assert (server.peer.headers["X-Key"], server.peer.headers["X-Version"]) == (f"Token {KEY}", "2")
    await transport.close()


async def test_a_user_in_the_address_gives_way_to_our_authorization(server: ScriptedWords) -> None:
    transport = transport_to(server, key=Secret(KEY), headers={"Authorization": "Bearer {key}"})
    assert await transport.connect(URL(server.url).with_user("someone")) is None
    assert server.peer.headers["Authorization"] == f"Bearer {KEY}"
    await transport.close()


async def test_a_user_in_the_address_is_as_good_where_there_is_none(server: ScriptedWords) -> None:
    transport = transport_to(server)
    assert await transport.connect(URL(server.url).with_user("someone")) is None
    assert server.peer.headers["Authorization"].startswith("Basic ")
    await transport.close()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, "", "http_401"),
        (429, '{"error": {"code": "insufficient_quota"}}', "insufficient_quota"),
        (500, "x" * (2 * MAX_REFUSAL), "http_500"),
        (200, "Hello", "no_engine"),
    ],
)
async def test_a_refusal_is_told_by_what_the_server_says(
    server: ScriptedWords, status: int, body: str, code: str
) -> None:
    server.refuse = (status, body)
    transport = transport_to(server)
    fault = await transport.connect(URL(server.url))
    assert fault is not None
    assert fault.code == code
    await transport.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("header", ["api-key", "x-goog-api-key", "X-API-Key", "Authorization"])
async def test_no_key_goes_where_a_server_sends_us_on_to(server: ScriptedWords, status: int, header: str) -> None:
    async with ScriptedWords() as other:
        server.refuse = (status, "")
        server.refusal_headers = {"Location": f"{other.url}?key={KEY}"}
        transport = transport_to(server, key=Secret(KEY), headers={header: "{key}"})
        fault = await transport.connect(URL(server.url).update_query(key=KEY))
        await transport.close()
        assert not other.asked
    assert fault is not None
    assert fault.code == "redirected"
    assert f"127.0.0.1:{URL(other.url).port}" in fault.message
    assert "captive portal" in fault.message
    assert KEY not in fault.message


@pytest.mark.parametrize("status", [200, 511])
async def test_a_page_to_log_in_by_is_recognised(server: ScriptedWords, status: int) -> None:
    server.refuse = (status, "<html>Welcome to our hotel")
    server.refusal_headers = {"Content-Type": "text/html; charset=utf-8"}
    transport = transport_to(server)
    fault = await transport.connect(URL(server.url))
    await transport.close()
    assert fault is not None
    assert (fault.code, fault.retry) == ("captive_portal", True)
    assert "browser" in fault.message


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:{port}", "socks5://me:hush@proxy"])
async def test_a_proxy_that_does_not_lead_there_is_named_as_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy.format(port=unused_tcp_port))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport = Transport(Connection(url="", at=AT))
    fault = await transport.connect(URL("wss://engine.example/v1"))
    await transport.close()
    assert fault is not None
    assert fault.code == "proxy"
    assert "HTTPS_PROXY" in fault.message
    assert "hush" not in fault.message


async def test_a_server_that_is_not_there_is_a_fault(unused_tcp_port: int) -> None:
    transport = Transport(Connection(url="", at=AT))
    fault = await transport.connect(URL(f"ws://127.0.0.1:{unused_tcp_port}/"))
    assert fault is not None
    assert fault.code == "unreachable"
    await transport.close()


async def test_a_last_message_may_be_sent_when_it_closes(server: ScriptedWords) -> None:
    transport = transport_to(server)
    await transport.connect(URL(server.url))
    await transport.close("goodbye")
    assert server.received == ["goodbye"]
    assert (await transport.socket.receive()).type is WSMsgType.CLOSED
    await transport.close("goodbye")
    assert server.received == ["goodbye"]


async def test_closing_what_never_connected_is_harmless() -> None:
    await Transport(Connection(url="ws://x/", at=AT)).close("goodbye")


async def test_it_can_connect_again(server: ScriptedWords) -> None:
    transport = transport_to(server)
    for _ in range(2):
        assert await transport.connect(URL(server.url)) is None
        await transport.close()
    assert len(server.peers) == 2


@pytest.mark.parametrize(("unheard_s", "timeout_ms"), [(1.5, 1500), (0, 0)])
async def test_the_system_watches_for_the_other_end(server: ScriptedWords, unheard_s: float, timeout_ms: int) -> None:
    transport = transport_to(server, unheard_s=unheard_s)
    await transport.connect(URL(server.url))
    plain = transport.socket.get_extra_info("socket")
    assert plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == timeout_ms
    await transport.close()
