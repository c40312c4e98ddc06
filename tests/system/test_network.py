"""The way out: by which proxy, and never where a server sends us on to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from yarl import URL

from device.system import network
from device.system.network import ProxyError, RedirectError, proxies, proxy_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what sets variables; there are no others of the kind."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("wss://api.openai.com/v1/realtime", "http://secure:3128"),
        ("https://api.openai.com/v1", "http://secure:3128"),
        ("ws://192.168.1.5:8080/v1", "http://plain:8080"),
        ("http://box.lan/v1", "http://plain:8080"),
        ("wss://inside.corp/v1", None),
        ("wss://10.0.0.7:8443/v1", None),
        ("wss://172.20.7.9:8443/v1", None),
        ("wss://172.32.7.9:8443/v1", "http://secure:3128"),
        ("ws://localhost:8765/v1", None),
        ("ws://127.0.0.1:8765/v1", None),
        ("wss://127.8.9.1/v1", None),
        ("ws://[::1]:8765/v1", None),
    ],
)
def test_the_environments_proxies_count_but_for_whom_it_excepts_and_for_this_machine(
    environ: Callable[..., None], url: str, proxy: str | None
) -> None:
    environ(HTTPS_PROXY="http://secure:3128", HTTP_PROXY="plain:8080", NO_PROXY=".corp, 172.16.0.0/12,10.0.0.7:8443")
    assert proxy_for(URL(url)) == (None if proxy is None else URL(proxy))


def test_the_environment_may_be_that_of_another_program() -> None:
    theirs = {
        "HTTPS_PROXY": "http://theirs:1",
        "https_proxy": "http://lower:2",
        "HTTP_PROXY": "http://x",
        "http_proxy": "",
    }
    assert proxy_for(URL("wss://api.openai.com/"), theirs) == URL("http://lower:2")
    assert proxy_for(URL("ws://box.lan/"), theirs) is None
    assert proxies({"no_proxy": "*", "HOME": "/", "PROXY": "x"}) == {"no": "*"}


def test_without_them_there_is_none() -> None:
    assert proxy_for(URL("wss://api.openai.com/")) is None


@pytest.mark.parametrize("value", ["socks5://me:hush@proxy:1080", "http://", "http://[bad", "ftp://me:hush@proxy"])
def test_one_that_is_none_is_named_by_its_variable_and_not_quoted(environ: Callable[..., None], value: str) -> None:
    environ(HTTPS_PROXY=value)
    with pytest.raises(ProxyError, match="HTTPS_PROXY") as caught:
        proxy_for(URL("wss://api.openai.com/"))
    assert "hush" not in str(caught.value)


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Return the address of a server that redirects what asks for `/on`, and what it was asked."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        if request.path == "/on":
            status, target = request.query["status"], request.query["to"]
            return web.Response(status=int(status), headers={"Location": target})
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0][:2]), asked
    await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("to", "named"),
    [
        ("http://127.0.0.1:1/login?key=x", "http://127.0.0.1:1"),
        ("/elsewhere", "http://127.0.0.1"),
        ("https://portal.example/", "https://portal.example"),
    ],
)
async def test_no_redirect_is_followed(server: tuple[str, list[web.Request]], status: int, to: str, named: str) -> None:
    url, asked = server
    async with network.session(URL(url)) as http:
        with pytest.raises(RedirectError) as caught:
            await http.get(URL(url + "/on").with_query(status=status, to=to), headers={"X-API-Key": "sk"})
    assert caught.value.status == status
    assert caught.value.target.startswith(named)
    assert "key=x" not in str(caught.value)
    assert len(asked) == 1


async def test_a_socket_goes_by_the_proxy_and_shows_it_its_password(environ: Callable[..., None]) -> None:
    seen: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 407 No\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    environ(HTTPS_PROXY=f"http://me:hush@127.0.0.1:{port}")
    url = URL("wss://engine.example/v1")
    async with listening, network.session(url) as http:
        with pytest.raises(Exception, match="407"):
            await http.ws_connect(url, headers={"Authorization": "Bearer sk"})
    assert seen[0].startswith("CONNECT engine.example:443 ")
    assert "Proxy-Authorization: Basic " in seen[0]
    assert "sk" not in seen[0].partition("Proxy-Authorization")[0]
