"""The sessions with engines: the present one, and one that is opened beside it to go on in."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from device.conversation.engine import EngineError, Fault, Opened, Prepared, Unprepared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from device.conversation.engine import EngineEvent, EngineSession, Said

log = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 10.0
"""An engine that has not opened a session by then is tried again. A choice: as `Config.open_timeout_s` has it."""
HANDOVER_S = 1.5
"""Likewise where there is another engine: that one is tried then. A choice, which the README promises: sooner gives up
engines behind slow networks, later leaves the user waiting."""


class Sessions:
    """Opens, serves and closes sessions; `tell` gets what they say, and a `Fault` for whatever ends one.

    `session_of` makes a session with an engine by its name, `send` feeds one with what is heard until it is cancelled,
    and `spawn` makes a task that outlives its maker. Everything is for the event loop's thread.
    """

    def __init__(
        self,
        session_of: Callable[[str], Awaitable[EngineSession]],
        tell: Callable[[EngineEvent], None],
        spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]],
        send: Callable[[EngineSession], Coroutine[Any, Any, None]],
        *,
        open_s: float,
    ) -> None:
        self._session_of = session_of
        self._send = send
        self._tell = tell
        self._spawn = spawn
        self._open_s = open_s
        self._session: EngineSession | None = None
        self._serving: asyncio.Task[None] | None = None
        self._sending: asyncio.Task[None] | None = None
        self._spare: EngineSession | None = None
        self._preparing: asyncio.Task[None] | None = None

    @property
    def rate(self) -> int | None:
        """The rate of the present session's audio, Hz; None if there is no session."""
        return None if self._session is None else self._session.rate

    @property
    def wants_playback(self) -> bool:
        """Whether the present session is to be told what is played while it plays."""
        return self._session is not None and self._session.capabilities.playback

    def open(self, history: tuple[Said, ...], after_ms: int, engine: str) -> None:
        """Close the present session and open another after a pause; `Opened` or a `Fault` will tell."""
        self.close()
        self._serving = self._spawn(self._serve(self._begin(history, after_ms, engine)))

    def prepare(self, history: tuple[Said, ...], engine: str) -> None:
        """Open a session beside the present one; `Prepared` or `Unprepared` will tell."""
        self._drop_spare()
        self._preparing = self._spawn(self._prepare(history, engine))

    def switch(self) -> None:
        """Go on in the session that was prepared."""
        spare, self._spare = self._spare, None
        if spare is not None:
            self._leave()
            self._session = spare
            self._serving = self._spawn(self._serve(self._converse(spare)))

    def close(self) -> None:
        """Close the session, or give up opening one; harmless when repeated."""
        self._drop_spare()
        self._leave()

    def _leave(self) -> None:
        if self._sending is not None:
            self._sending.cancel()  # at once: what is to be sent from now on is for the next session
        if self._serving is not None:
            self._serving.cancel()
            self._serving = None
        session, self._session = self._session, None
        if session is not None:
            self._spawn(session.close())

    def _drop_spare(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        spare, self._spare = self._spare, None
        if spare is not None:
            self._spawn(spare.close())

    async def _serve(self, conversing: Coroutine[Any, Any, None]) -> None:
        """Hold a session, and tell however it fails."""
        fault = await _fault_of(conversing)
        if fault is not None and self._serving is asyncio.current_task():
            self._tell(fault)

    async def _prepare(self, history: tuple[Said, ...], engine: str) -> None:
        async def opening() -> None:
            self._spare = await self._opened(history, engine)

        fault = await _fault_of(opening())
        if self._preparing is not asyncio.current_task():
            return
        self._preparing = None
        if fault is not None:
            self._tell(Unprepared(engine, fault.message))
        elif self._spare is not None:
            self._tell(Prepared(engine, self._spare.rate, self._spare.capabilities))

    async def _opened(self, history: tuple[Said, ...], engine: str) -> EngineSession:
        """Return an open session. Raises EngineError."""
        try:
            async with asyncio.timeout(self._open_s):
                session = await self._session_of(engine)
                await session.open(history)
        except TimeoutError:
            message = f"The engine {engine} opened no session within {self._open_s:g} s."
            raise EngineError(Fault("open_timeout", message, retry=True)) from None
        return session

    async def _begin(self, history: tuple[Said, ...], after_ms: int, engine: str) -> None:
        await asyncio.sleep(after_ms / 1000)
        session = self._session = await self._opened(history, engine)
        self._tell(Opened(session.rate, session.capabilities))
        await self._converse(session)

    async def _converse(self, session: EngineSession) -> None:
        sending = self._sending = self._spawn(self._send(session))
        try:
            async for event in session.events():
                if self._session is session:
                    self._tell(event)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
            await session.close()


async def _fault_of(work: Coroutine[Any, Any, None]) -> Fault | None:
    """Do something with an engine; return what went wrong."""
    try:
        await work
    except EngineError as error:
        return error.fault
    except Exception as error:
        log.exception("The session failed.")
        return Fault("internal", f"The session failed ({type(error).__name__}).", retry=True)
    return None
