"""Sessions with Gemini Live over real sockets: what tests of them share."""

import asyncio
import json
from typing import Any

import numpy as np
from support.scripted_gemini import HEAR_RATE, ScriptedGemini
from support.sessions import SOON

from device.engines.gemini.session import GeminiSession
from device.wire import gemini as wire

TONE = (8000 * np.sin(np.arange(HEAR_RATE // 2) * 2 * np.pi * 300 / HEAR_RATE)).astype(np.int16).tobytes()
"""Half a second of what the scripted server takes for a voice."""
SILENCE = bytes(2 * HEAR_RATE * 6 // 10)
"""So much that it takes the turn to be over."""


async def speak(session: GeminiSession, pcm: bytes = TONE + SILENCE) -> None:
    """Send microphone audio in blocks of 20 ms, as fast as it goes."""
    for start in range(0, len(pcm), 640):
        await session.hear(pcm[start : start + 640])


async def holds(session: GeminiSession, handle: str) -> None:
    """Wait until the session has a handle: what is sent from then on, it does not cover."""
    async with asyncio.timeout(SOON):
        while session._resumption.handle != handle:  # noqa: SLF001, ASYNC110 - the session has no event for it
            await asyncio.sleep(0.001)


def setup_of(server: ScriptedGemini, n: int = -1) -> dict[str, Any]:
    """Return a setup that the server was sent, the `n`th, as JSON."""
    setup = server.all("setup")[n]
    assert isinstance(setup, wire.Setup)
    message: dict[str, dict[str, Any]] = json.loads(wire.encode(wire.ClientMessage(setup=setup)))
    return message["setup"]
