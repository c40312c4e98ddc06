"""A scripted Gemini Live, and sessions with it."""

from collections.abc import AsyncIterator

import pytest
from support.scripted_gemini import ScriptedGemini
from support.sessions import configured, opening

from device.engines.gemini.config import GeminiConfig
from device.engines.gemini.session import GeminiSession
from device.settings.engines import GeminiEngine


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGemini]:
    async with ScriptedGemini() as running:
        yield running


@pytest.fixture
async def opened(server):
    """Open sessions with the server, and close them after the test."""

    def make(**config):
        given = {"url": server.url, "model": "gemini-3.8-live", "heartbeat_s": None, **config}
        return GeminiSession(configured(GeminiConfig, GeminiEngine, **given))

    async with opening(make) as start:
        yield start
