"""A scripted Realtime server and sessions with it, and the dialogue without a socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.realtime_responses import RATE
from support.realtime_session import Open, configured
from support.sessions import opening

from device.engines.realtime.responses import Responses
from device.engines.realtime.session import RealtimeSession
from device.simulation.scripted_engine import ScriptedRealtime


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


@pytest.fixture
def responses() -> Responses:
    return Responses(RATE)
