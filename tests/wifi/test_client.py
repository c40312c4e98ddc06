"""Asking `parley wifi`."""

import asyncio

import pytest

from device.wifi import client as module
from device.wifi import messages as m
from device.wifi.client import NoWifi, WifiError, ask
from device.wifi.server import Server


async def test_what_is_refused_says_why_and_what_to_do(tmp_path):
    async with Server(tmp_path / "s", lambda request: m.Refused("there is a network", "pull the cable")).open():
        with pytest.raises(WifiError, match="there is a network: pull the cable") as error:
            await ask(m.SetUp(), m.Wifi, tmp_path / "s")
    assert (error.value.what, error.value.fix) == ("there is a network", "pull the cable")


async def test_another_answer_is_a_fault(tmp_path):
    async with Server(tmp_path / "s", lambda request: m.Key("a", "secret", "c")).open():
        with pytest.raises(WifiError, match="Look was Key"):
            await ask(m.Look(), m.Wifi, tmp_path / "s")


async def test_where_it_does_not_run_it_says_how_to_switch_it_on(tmp_path):
    with pytest.raises(NoWifi, match="enable --now parley-wifi"):
        await ask(m.Look(), m.Wifi, tmp_path / "none")


async def test_who_may_not_ask_is_told(tmp_path, monkeypatch):
    async def shut(*_, **__):
        raise PermissionError

    monkeypatch.setattr(asyncio, "open_unix_connection", shut)
    with pytest.raises(NoWifi, match="sudo"):
        await ask(m.Look(), m.Wifi, tmp_path / "s")


@pytest.mark.parametrize("said", [b"", b"what?\n", b'{"type":"forget"}\n', b"x" * 100_000])
async def test_what_answers_oddly_is_not_it(tmp_path, said):
    async def odd(reader, writer):
        await reader.readline()
        writer.write(said)
        writer.close()

    async with await asyncio.start_unix_server(odd, tmp_path / "s"):
        with pytest.raises(NoWifi):
            await ask(m.Look(), m.Wifi, tmp_path / "s")


async def test_what_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    gone = asyncio.Event()

    async def silent(reader, writer):
        await gone.wait()
        writer.close()

    async with await asyncio.start_unix_server(silent, tmp_path / "s"):
        with pytest.raises(NoWifi):
            await ask(m.Look(), m.Wifi, tmp_path / "s")
        gone.set()
