"""Sessions with engines under test: opened, closed after the test, and read up to what a test waits for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from device.conversation.engine import Wanted
from device.engines.config import Config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from device.conversation.engine import EngineEvent, EngineSession, Said
    from device.settings.engines import RemoteEngine

SOON = 20
"""Seconds after which a test gives up."""

Session = TypeVar("Session", bound="EngineSession")
Configuration = TypeVar("Configuration", bound=Config[Any])


@asynccontextmanager
async def opening(make: Callable[..., Session]) -> AsyncIterator[Callable[..., Any]]:
    """Yield what opens a session that `make` makes, from the same keywords; all are closed in the end."""
    sessions: list[Session] = []

    async def start(history: Sequence[Said] = (), **config: Any) -> Session:
        session = make(**config)
        sessions.append(session)
        await session.open(history)
        return session

    yield start
    for session in sessions:
        await session.close()


async def until(session: EngineSession, kind: type[EngineEvent], count: int = 1) -> list[EngineEvent]:
    """Return what the engine says up to the `count`th event of a kind."""
    got = []
    async with asyncio.timeout(SOON):
        async for event in session.events():
            got.append(event)
            count -= isinstance(event, kind)
            if not count:
                return got
    raise AssertionError(f"the session ended without {kind.__name__}: {got}")


def configured(kind: type[Configuration], engine: type[RemoteEngine], **given: Any) -> Configuration:
    """Return a configuration of which each of `given` goes where it belongs: to what is wanted, or to the engine."""
    wanted = {name: given.pop(name) for name in Wanted.__struct_fields__ if name in given}
    own = {name: given.pop(name) for name in kind.__struct_fields__ if name in given}
    return kind(engine=engine(**given), wanted=Wanted(**wanted), **own)
