"""A NetworkManager that does what the test has it do."""

import pytest
from support.scripted_manager import ScriptedManager

from device.wifi.bus import opened
from device.wifi.manager import NetworkManager


@pytest.fixture
async def scripted(tmp_path):
    async with ScriptedManager(tmp_path) as one:
        yield one


@pytest.fixture
async def manager(scripted, tmp_path):
    routes = tmp_path / "route"
    routes.write_text("Iface\tDestination\tGateway\n")
    async with opened(scripted.address) as bus:
        yield NetworkManager(bus, routes)
