"""The present session, and the one that is opened beside it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from device.conversation.engine import (
    Capabilities,
    EngineError,
    EngineEvent,
    EngineSession,
    Fault,
    Opened,
    Prepared,
    ReplyStarted,
    Said,
    Unprepared,
)
from device.engines.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

HISTORY = (Said("user", "Hello"),)
FAULT = Fault("lost", "The connection was lost", retry=True)
SOON_S = 5


class Scripted(EngineSession):
    """A session that says what a test puts into `said`; None ends it."""

    def __init__(self, rate: int = 24_000, *, playback: bool = False) -> None:
        self.rate = rate
        self.capabilities = Capabilities(playback=playback)
        self.said: asyncio.Queue[EngineEvent | Exception | None] = asyncio.Queue()
        self.history: tuple[Said, ...] | None = None
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.refusal: Exception | None = None
        self.closed = asyncio.Event()
        self.fed = asyncio.Event()
        self.starved = asyncio.Event()

    async def open(self, history: Any) -> None:
        await self.may_open.wait()
        if self.refusal is not None:
            raise self.refusal
        self.history = tuple(history)

    async def events(self) -> AsyncIterator[EngineEvent]:
        while (one := await self.said.get()) is not None:
            if isinstance(one, Exception):
                raise one
            yield one

    async def close(self) -> None:
        self.closed.set()


class House:
    """Sessions with engines that a test scripts, and what they tell."""

    def __init__(self) -> None:
        self.engines: dict[str, Scripted] = {"one": Scripted(), "two": Scripted(16_000, playback=True)}
        self.told: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self.tasks: list[asyncio.Task[Any]] = []
        self.sessions = Sessions(self._session, self.told.put_nowait, self._spawn, self._send, open_s=0.2)

    async def next(self) -> EngineEvent:
        async with asyncio.timeout(SOON_S):
            return await self.told.get()

    async def settled(self) -> None:
        """Let everything that was begun and does not wait for anything come to its end."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def _session(self, name: str) -> EngineSession:
        return self.engines[name]

    async def _send(self, session: EngineSession) -> None:
        assert isinstance(session, Scripted)
        session.fed.set()
        try:
            await asyncio.Event().wait()
        finally:
            session.starved.set()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    yield made
    made.sessions.close()
    for task in made.tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def within(event: asyncio.Event) -> None:
    async with asyncio.timeout(SOON_S):
        await event.wait()


async def test_a_session_that_is_open_is_told_of_fed_and_listened_to(house: House) -> None:
    one = house.engines["one"]
    assert house.sessions.rate is None
    house.sessions.open(HISTORY, 0, "one")
    assert await house.next() == Opened(24_000, one.capabilities)
    assert one.history == HISTORY
    assert house.sessions.rate == 24_000
    assert not house.sessions.wants_playback
    await within(one.fed)
    one.said.put_nowait(ReplyStarted("r"))
    assert await house.next() == ReplyStarted("r")


async def test_a_session_that_ends_by_itself_is_closed_and_no_longer_fed(house: House) -> None:
    one = house.engines["one"]
    house.sessions.open((), 0, "one")
    await house.next()
    await within(one.fed)
    one.said.put_nowait(None)
    await within(one.closed)
    assert one.starved.is_set()
    assert house.told.empty()


async def test_what_a_session_raises_is_a_fault(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.sessions.open((), 0, "one")
    await house.next()
    house.engines["one"].said.put_nowait(ValueError("odd"))
    fault = await house.next()
    assert fault == Fault("internal", "The session failed (ValueError).", retry=True)
    assert "odd" in caplog.text


async def test_one_that_is_refused_tells_why(house: House) -> None:
    house.engines["one"].refusal = EngineError(FAULT)
    house.sessions.open((), 0, "one")
    assert await house.next() == FAULT
    assert house.sessions.rate is None


async def test_one_that_takes_too_long_is_a_fault_that_may_pass(house: House) -> None:
    house.engines["one"].may_open.clear()
    house.sessions.open((), 0, "one")
    fault = await house.next()
    assert fault == Fault("open_timeout", "The engine one opened no session within 0.2 s.", retry=True)


async def test_closing_ends_it_and_nothing_more_is_told(house: House) -> None:
    one = house.engines["one"]
    house.sessions.open((), 0, "one")
    await house.next()
    await within(one.fed)
    house.sessions.close()
    assert house.sessions.rate is None
    one.said.put_nowait(ReplyStarted("late"))
    await within(one.closed)
    await within(one.starved)
    house.sessions.close()
    await house.settled()
    assert house.told.empty()


async def test_giving_up_while_it_opens_is_no_fault(house: House) -> None:
    one = house.engines["one"]
    one.may_open.clear()
    house.sessions.open((), 0, "one")
    await house.settled()
    house.sessions.close()
    one.may_open.set()
    await house.settled()
    assert house.told.empty()
    assert one.history is None


async def test_another_session_takes_the_place_of_the_first(house: House) -> None:
    one, two = house.engines["one"], house.engines["two"]
    house.sessions.open((), 0, "one")
    await house.next()
    house.sessions.open((), 0, "two")
    assert await house.next() == Opened(16_000, two.capabilities)
    await within(one.closed)
    one.said.put_nowait(ReplyStarted("late"))
    two.said.put_nowait(ReplyStarted("r"))
    assert await house.next() == ReplyStarted("r")


async def test_a_session_that_was_prepared_goes_on_without_a_pause(house: House) -> None:
    one, two = house.engines["one"], house.engines["two"]
    house.sessions.open((), 0, "one")
    await house.next()
    house.sessions.prepare(HISTORY, "two")
    assert await house.next() == Prepared("two", 16_000, two.capabilities)
    assert two.history == HISTORY
    assert house.sessions.rate == 24_000
    assert not two.fed.is_set()
    house.sessions.switch()
    assert (house.sessions.rate, house.sessions.wants_playback) == (16_000, True)
    await within(one.closed)
    await within(two.fed)
    two.said.put_nowait(ReplyStarted("r"))
    assert await house.next() == ReplyStarted("r")


async def test_what_cannot_be_prepared_leaves_the_present_one_alone(house: House) -> None:
    house.sessions.open((), 0, "one")
    await house.next()
    house.engines["two"].refusal = EngineError(FAULT)
    house.sessions.prepare((), "two")
    assert await house.next() == Unprepared("two", FAULT.message)
    house.sessions.switch()
    assert house.sessions.rate == 24_000
    assert not house.engines["one"].closed.is_set()


async def test_a_spare_session_that_is_not_used_is_closed(house: House) -> None:
    house.sessions.prepare((), "two")
    assert isinstance(await house.next(), Prepared)
    house.sessions.close()
    await within(house.engines["two"].closed)


async def test_the_newest_preparation_counts(house: House) -> None:
    one = house.engines["one"]
    one.may_open.clear()
    house.sessions.prepare((), "one")
    await house.settled()
    house.sessions.prepare((), "two")
    prepared = await house.next()
    assert isinstance(prepared, Prepared)
    assert prepared.engine == "two"
    one.may_open.set()
    await house.settled()
    assert house.told.empty()
