"""Sessions with a Realtime server over real sockets: what tests of them share."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from openai.types.realtime import RealtimeClientEvent
from pydantic import Field, TypeAdapter
from support import sessions
from support.sessions import SOON

from device.conversation.engine import EngineError, EngineEvent, Fault
from device.engines.realtime.config import RealtimeConfig
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine

KEY = "sk-a-very-secret-key"
CLIENT_ORACLE: TypeAdapter[Any] = TypeAdapter(Annotated[RealtimeClientEvent, Field(discriminator="type")])
"""Whether a message is one of a client's, by the vendor's own types."""
Open = Callable[..., Awaitable[RealtimeSession]]


def configured(**given: Any) -> RealtimeConfig:
    """Return a config with these fields of an engine, of what is wanted, or its own."""
    return sessions.configured(RealtimeConfig, RealtimeEngine, **given)


async def last(session: RealtimeSession) -> EngineEvent:
    """Return the last that the engine says."""
    async with asyncio.timeout(SOON):
        got = [event async for event in session.events()]
    return got[-1]


async def refused(config: RealtimeConfig) -> Fault:
    session = RealtimeSession(config)
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(session) + repr(config)
    assert KEY not in shown
    assert caught.value.__context__ is None  # aiohttp's exception shows the request's headers
    return caught.value.fault


def at_once(coroutine: Any) -> None:
    """Run a coroutine that must not wait."""
    with pytest.raises(StopIteration):
        coroutine.send(None)
