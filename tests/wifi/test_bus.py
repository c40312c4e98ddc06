"""D-Bus as it is asked, and what may go wrong with it."""

import asyncio

import pytest
from support.scripted_manager import NM, RADIO

from device.wifi import bus as module
from device.wifi.bus import BusError, opened
from device.wifi.manager import ROOT

DEVICE = (NM, RADIO, f"{NM}.Device")


async def test_properties_are_told_without_their_types(scripted):
    async with opened(scripted.address) as bus:
        assert (await bus.all(ROOT))["WirelessEnabled"] is True
        assert await bus.get(DEVICE, "Interface") == "wlan0"


async def test_an_error_has_its_name(scripted):
    scripted.refuses["GetAll"] = f"{NM}.Sulking"
    async with opened(scripted.address) as bus:
        with pytest.raises(BusError, match="GetAll is refused") as error:
            await bus.all(ROOT)
    assert error.value.name == f"{NM}.Sulking"


async def test_what_does_not_answer_is_not_waited_for(scripted, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    scripted.silent.add("GetAll")
    async with opened(scripted.address) as bus:
        with pytest.raises(BusError, match="does not answer GetAll"):
            await bus.all(ROOT)


async def test_signals_come_while_they_are_wanted(scripted):
    async with opened(scripted.address) as bus:
        async with bus.signals(DEVICE, "StateChanged") as told:
            scripted.tell(100, 3)
            assert (await told.get()).body == (100, 30, 3)
        scripted.tell(30)
        await bus.all(ROOT)
        assert told.empty()


async def test_a_bus_that_ends_breaks_off_what_waits(scripted):
    scripted.silent.add("GetAll")
    async with opened(scripted.address) as bus:
        asking = asyncio.create_task(bus.all(ROOT))
        await bus.get(DEVICE, "Interface")
        await scripted.end()
        with pytest.raises(BusError, match="broke off"):
            await asking
        with pytest.raises(BusError, match="broke off"):
            await bus.all(ROOT)


async def test_a_bus_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BusError, match="there is no D-Bus"):
        await opened(f"unix:path={tmp_path / 'none'}").__aenter__()


@pytest.mark.parametrize("address", ["", "tcp:host=a", "nonsense"])
async def test_an_address_that_is_none_is_told(address):
    with pytest.raises(BusError, match="there is no D-Bus"):
        await opened(address).__aenter__()


async def test_what_is_no_bus_is_told(tmp_path):
    async def rude(reader, writer):
        await reader.readline()
        writer.write(b"HTTP/1.1 400 No\r\n\r\n")
        writer.close()

    async with await asyncio.start_unix_server(rude, tmp_path / "rude"):
        with pytest.raises(BusError, match="there is no D-Bus"):
            await opened(f"unix:path={tmp_path / 'rude'}").__aenter__()
