"""Where `parley wifi` is asked: whoever asks oddly, or not at all, keeps nobody from it."""

import asyncio
import stat

import pytest

from device.wifi import messages as m
from device.wifi import server as module
from device.wifi.client import WifiError, ask
from device.wifi.server import MOST, Server

NOW = m.Wifi("waiting", access_point="Parley-1")


@pytest.fixture
async def path(tmp_path):
    async with Server(tmp_path / "wifi.socket", lambda request: NOW).open():
        yield tmp_path / "wifi.socket"


async def said(path, line):
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    answer = await reader.read()
    writer.close()
    return answer


async def test_it_is_there_for_its_user_alone_and_then_not_at_all(tmp_path):
    path = tmp_path / "wifi.socket"
    async with Server(path, lambda request: NOW).open():
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
        assert await ask(m.Look(), m.Wifi, path) == NOW
    assert not path.exists()


@pytest.mark.parametrize("line", [b"{}\n", b"what?\n", b'{"type":"look"', b"[" * 10_000 + b"\n", b"\xff\n", b"null\n"])
async def test_what_cannot_be_understood_is_answered_so(path, line):
    answer = await said(path, line if line.endswith(b"\n") else line + b"\n")
    assert b'"refused"' in answer
    assert b"cannot be understood" in answer


async def test_a_line_without_end_is_not_kept(path):
    _, writer = await asyncio.open_unix_connection(path)

    async def go_on():
        while True:
            writer.write(b"x" * m.LONGEST)
            await writer.drain()

    with pytest.raises(ConnectionError):
        await go_on()
    assert await ask(m.Look(), m.Wifi, path) == NOW


async def test_who_says_nothing_is_not_waited_for(path, monkeypatch):
    monkeypatch.setattr(module, "ASK_S", 0.05)
    reader, writer = await asyncio.open_unix_connection(path)
    assert await reader.read() == b""
    writer.close()


async def test_too_many_are_not_served_at_once(path):
    silent = [await asyncio.open_unix_connection(path) for _ in range(MOST)]
    with pytest.raises(WifiError):
        await ask(m.Look(), m.Wifi, path)
    for _, writer in silent:
        writer.close()
    for reader, _ in silent:
        await reader.read()
    assert await ask(m.Look(), m.Wifi, path) == NOW
