"""Who may ask: every combination of what browsers and other programs say of themselves, on a real port."""

import asyncio

import pytest
from support.scripted import PATIENCE, Scripted

from device.web.gate import MOST_TOLD, Allowed, own_names

PAGE, NAME = "https://kiosk.lan", "engine.lan"
ALLOWED = Allowed(origins=(PAGE, "http://localhost:3000", "app://parley"), hosts=own_names("0.0.0.0", "pi", [NAME]))


async def ask(server, *headers, path="/health", version="1.1"):
    """Send a request of just these headers, each `Name: value`, `PORT` being the server's; return status and body."""
    port = server.url.split(":")[2].split("/")[0]
    lines = [
        f"GET {path} HTTP/{version}",
        *(line.replace("PORT", port) for line in headers),
        "Connection: close",
        "",
        "",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write("\r\n".join(lines).encode())
    answer = (await asyncio.wait_for(reader.read(), PATIENCE)).decode()
    writer.close()
    return int(answer.split()[1]), answer


WELCOME = [
    ["Host: 127.0.0.1:PORT"],
    ["Host: 127.0.0.1"],
    ["Host: 127.0.0.1:1"],  # a tunnel's
    ["Host: localhost:PORT"],
    ["Host: LocalHost:PORT"],
    ["Host: [::1]:PORT"],
    ["Host: 127.0.0.2:PORT"],
    [f"Host: {NAME}:PORT"],
    ["Host: pi:PORT"],
    ["Host: pi.local:PORT"],
    ["Host: 127.0.0.1:PORT", "Origin: http://127.0.0.1:PORT"],  # Python's websocket-client sends it
    ["Host: 127.0.0.1:PORT", "Origin: https://127.0.0.1:PORT"],
    ["Host: 127.0.0.1:PORT", f"Origin: {PAGE}"],
    ["Host: 127.0.0.1:PORT", f"Origin: {PAGE}:443"],
    ["Host: 127.0.0.1:PORT", "Origin: HTTPS://Kiosk.lan", "Sec-Fetch-Site: cross-site"],
    ["Host: 127.0.0.1:PORT", "Origin: http://localhost:3000"],
    ["Host: 127.0.0.1:PORT", "Origin: app://parley"],
    ["Host: 127.0.0.1:PORT", "Sec-Fetch-Site: none"],
    ["Host: 127.0.0.1:PORT", "Sec-Fetch-Site: same-origin"],
]
FOREIGN_HOSTS = [
    ["Host: evil.example"],
    ["Host: evil.example:PORT"],
    ["Host: 127.0.0.1.evil.example:PORT"],
    ["Host: localhost.evil.example"],
    ["Host: 0.0.0.0:PORT"],
    ["Host: 192.0.2.1:PORT"],
    ["Host: 2130706433:PORT"],
    ["Host: 127.0.0.1@evil.example"],
    ["Host: evil.example@127.0.0.1"],
    ["Host: "],
    ["Host: 127.0.0.1:99999"],
    ["Host: xn--a"],
    ["Host: xn--\N{LATIN SMALL LETTER E WITH ACUTE}"],
    ["Host: evil.example", f"Origin: {PAGE}"],
    ["Host: evil.example", "Origin: http://evil.example"],
    [],
]
FOREIGN_PAGES = [
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: "],
    ["Origin: file://"],
    ["Origin: http://xn--a"],
    ["Origin: http://127.0.0.1:1"],
    ["Origin: http://localhost"],
    ["Origin: http://kiosk.lan"],
    ["Origin: https://kiosk.lan.evil.example"],
    ["Origin: https://kiosk.lan@evil.example"],
    ["Origin: https://kiosk.lan:8443"],
    ["Origin: https://evil.kiosk.lan"],
    ["Origin: chrome-extension://abcdefgh"],
    [f"Origin: {PAGE}", "Origin: http://evil.example"],
    [f"Origin: {PAGE} http://evil.example"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
]
PATHS = ["/health", "/v1/realtime?model=x", "/v1/models", "/"]


@pytest.mark.parametrize("headers", WELCOME, ids=str)
async def test_programs_and_allowed_pages_are_welcome(headers):
    async with Scripted(allowed=ALLOWED) as server:
        status, _ = await ask(server, *headers)
        assert status == 200


@pytest.mark.parametrize("headers", FOREIGN_HOSTS, ids=str)
async def test_names_that_are_not_ours_are_refused(headers):
    async with Scripted(allowed=ALLOWED) as server:
        for path in PATHS:
            status, answer = await ask(server, *headers, path=path)
            assert status in {400, 403}
            if status == 403:
                assert "host_not_allowed" in answer
                assert "local.hosts" in answer


@pytest.mark.parametrize("headers", FOREIGN_PAGES, ids=str)
async def test_pages_that_nobody_allowed_are_refused(headers):
    async with Scripted(allowed=ALLOWED) as server:
        for path in PATHS:
            status, answer = await ask(server, "Host: 127.0.0.1:PORT", *headers, path=path)
            assert status in {400, 403}  # aiohttp takes no header twice that may be there once
            if status == 403:
                assert "origin_not_allowed" in answer
                assert "local.origins" in answer
                assert "Access-Control-Allow-Origin" not in answer


async def test_the_log_is_told_once_of_each_and_never_too_often(caplog):
    async with Scripted() as server:
        for n in range(3 * MOST_TOLD):
            await ask(server, f"Host: evil{n % (2 * MOST_TOLD)}.example")
    assert len([line for line in caplog.messages if "refused" in line]) == MOST_TOLD
