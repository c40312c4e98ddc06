"""What all sessions over a WebSocket have in common, by one that speaks a protocol of plain words."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from support.scripted_words import ScriptedWords
from support.sessions import SOON

from device.conversation.engine import (
    Audio,
    Capabilities,
    EngineError,
    EngineEvent,
    Expiring,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
)
from device.conversation.events import Heard
from device.engines.connection import Connection
from device.engines.faults import Endpoint
from device.engines.websocket import EXPIRING_S, KINDS, MAX_UNREAD, MAX_UNSENT, QUOTED, WebSocketSession
from device.settings.types import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

KEY = "sk-a-very-secret-key"
AT = Endpoint("example.org", "m", "engine.x")


class Words(WebSocketSession):
    """A session in which each word begins a reply of its name, but for `boom` and `bad`."""

    rate = 24_000
    capabilities = Capabilities()

    def __init__(self, connection: Connection, again: int = 0) -> None:
        super().__init__(connection)
        self.again = again
        self.cut: set[str] = set()

    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Say hello, and wait for the answer."""
        return await self.agree(f"hello {len(history)}", "welcome", self._welcome)

    def receive(self, data: str | bytes) -> None:
        """Take a word."""
        word = data if isinstance(data, str) else data.decode()
        if word == "boom":
            raise ValueError(word)
        if word == "bad":
            self.tell(ReplyEnded("r", "failed", message=f"the key {KEY} is bad\nvery"))
        else:
            self.tell(ReplyStarted(word))

    def stale(self, event: EngineEvent) -> bool:
        """Return whether a word is no longer wanted."""
        return isinstance(event, ReplyStarted) and event.reply in self.cut

    async def resume(self, _fault: Fault) -> bool:
        """Connect anew, as often as the test wants."""
        if not self.again:
            return await super().resume(_fault)
        self.again -= 1
        return await self.reconnect(self._connection.url) is None

    def _welcome(self, data: str | bytes) -> Fault | bool:
        return Fault("refused", f"not with {KEY}", retry=False) if data == "no" else data == "welcome"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedWords]:
    async with ScriptedWords() as running:
        yield running


def session_at(server: ScriptedWords, again: int = 0, **fields: Any) -> Words:
    given = {"url": server.url, "at": AT, "heartbeat_s": None, "key": Secret(KEY), **fields}
    return Words(Connection(**given), again)


async def opened(server: ScriptedWords, history: Sequence[Said] = (), again: int = 0, **fields: Any) -> Words:
    session = session_at(server, again, **fields)
    await session.open(history)
    return session


async def some(session: Words, enough: Callable[[EngineEvent], bool] = lambda _: False) -> list[EngineEvent]:
    """Return what is said up to what is `enough`, or to the end."""
    got = []
    async with asyncio.timeout(SOON):
        async for event in session.events():
            got.append(event)
            if enough(event):
                break
    return got


def is_word(word: str) -> Callable[[EngineEvent], bool]:
    return lambda event: event == ReplyStarted(word)


async def refused(session: Words) -> Fault:
    with pytest.raises(EngineError) as caught:
        async with asyncio.timeout(SOON):
            await session.open(())
    return caught.value.fault


# Opening


async def test_it_is_open_once_the_server_has_agreed(server: ScriptedWords) -> None:
    session = await opened(server, [Said("user", "Hi")])
    assert server.received == ["hello 1"]
    session.send("one")
    assert await server.wait(lambda word: word == "one") == "one"
    await session.close()


async def test_before_it_is_open_nothing_is_sent(server: ScriptedWords) -> None:
    session = session_at(server)
    session.send("early")
    await session.open(())
    session.send("late")
    await server.wait(lambda word: word == "late")
    assert server.received == ["hello 0", "late"]
    await session.close()


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        (("no",), "refused", "not with ***"),
        ((), "timeout", "example.org sent no welcome within 0.1 s"),
    ],
)
async def test_a_server_that_does_not_agree(
    server: ScriptedWords, answers: tuple[str, ...], code: str, words: str
) -> None:
    server.answers = answers
    fault = await refused(session_at(server, open_timeout_s=0.1))
    assert fault.code == code
    assert words in fault.message


async def test_a_server_that_goes_away_meanwhile(server: ScriptedWords) -> None:
    server.leaves = (1011, "no more")
    fault = await refused(session_at(server))
    assert (fault.code, "no more" in fault.message) == ("closed_1011", True)


async def test_an_attempt_that_is_given_up_leaves_nothing_open(server: ScriptedWords) -> None:
    server.answers = ()
    session = session_at(server)
    opening = asyncio.create_task(session.open(()))
    await server.wait(lambda word: word == "hello 0")
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    async with asyncio.timeout(SOON):
        while not server.peer.socket.closed:  # noqa: ASYNC110 - the server has no event for a client that leaves
            await asyncio.sleep(0.01)
    assert await some(session) == []


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org/", "ws:///"])
async def test_an_address_that_is_none(url: str) -> None:
    fault = await refused(Words(Connection(url=url, at=AT)))
    assert (fault.code, fault.retry) == ("bad_url", False)


async def test_a_key_that_travels_unencrypted_is_warned_of(
    server: ScriptedWords, caplog: pytest.LogCaptureFixture, unused_tcp_port: int
) -> None:
    await (await opened(server)).close()
    assert "unencrypted" not in caplog.text  # it stays on this machine
    await refused(Words(Connection(url=f"ws://0.0.0.0:{unused_tcp_port}/", at=AT, key=Secret(KEY))))
    assert "give engine.x.url as wss://" in caplog.text
    assert KEY not in caplog.text


# What is said


async def test_what_is_said_is_told_in_its_order_and_the_stale_is_dropped(server: ScriptedWords) -> None:
    session = await opened(server)
    session.cut.add("two")
    for word in ("one", "two", "three"):
        await server.peer.send(word)
    assert await some(session, is_word("three")) == [ReplyStarted("one"), ReplyStarted("three")]
    await session.close()


async def test_binary_messages_are_messages(server: ScriptedWords) -> None:
    session = await opened(server)
    await server.peer.socket.send_bytes(b"one")
    assert await some(session, is_word("one")) == [ReplyStarted("one")]
    await session.close()


async def test_the_key_is_in_no_message(server: ScriptedWords) -> None:
    session = await opened(server)
    await server.peer.send("bad")
    [event] = await some(session, lambda event: isinstance(event, ReplyEnded))
    assert isinstance(event, ReplyEnded)
    assert event.message == "the key *** is bad very"
    await session.close()


async def test_what_a_server_provokes_ends_its_session_and_no_more(
    server: ScriptedWords, caplog: pytest.LogCaptureFixture
) -> None:
    session = await opened(server)
    await server.peer.send("boom")
    [fault] = await some(session)
    assert fault == Fault("internal", "The session with example.org failed (ValueError)", retry=True)
    assert "ValueError" in caplog.text
    await session.close()


# Its end


async def test_a_server_that_closes_is_the_last_that_is_told(server: ScriptedWords) -> None:
    session = await opened(server)
    await server.peer.send("one")
    await server.peer.close(1011, f"out of {KEY}")
    first, fault = await some(session)
    assert first == ReplyStarted("one")
    assert isinstance(fault, Fault)
    assert fault.code == "closed_1011"
    assert KEY not in fault.message
    assert await some(session) == []  # for whoever asks again
    await session.close()


async def test_closing_is_no_fault_and_may_be_repeated(server: ScriptedWords) -> None:
    session = await opened(server)
    await session.close()
    await session.close()
    session.send("late")
    session.fail(Fault("late", "late", retry=True))
    assert await some(session) == []
    assert server.received == ["hello 0"]


async def test_the_first_fault_counts(server: ScriptedWords) -> None:
    session = await opened(server)
    for code in ("first", "second"):
        session.fail(Fault(code, code, retry=True))
    assert [event.code for event in await some(session) if isinstance(event, Fault)] == ["first"]
    await session.close()


async def test_what_waits_to_be_sent_does_not_grow_without_bound(server: ScriptedWords) -> None:
    session = await opened(server)
    for _ in range(9):
        session.send("x" * (MAX_UNSENT // 8))
    [fault] = await some(session)
    assert isinstance(fault, Fault)
    assert fault.code == "stuck"
    await session.close()


async def test_its_end_is_announced_in_time_and_the_last_word_on_it_counts(server: ScriptedWords) -> None:
    session = await opened(server, lifetime_s=3600)
    session.expire_in(EXPIRING_S)
    assert await some(session, lambda event: isinstance(event, Expiring)) == [Expiring(EXPIRING_S)]
    session.expire_in(5)
    assert await some(session, lambda event: isinstance(event, Expiring)) == [Expiring(5)]
    await session.close()


# A connection that breaks


async def test_a_session_that_can_goes_on_in_another_connection(server: ScriptedWords) -> None:
    session = await opened(server, again=1)
    server.peer.abort()
    async with asyncio.timeout(SOON):
        while len(server.peers) < 2:  # noqa: ASYNC110 - the server has no event for a client that says nothing
            await asyncio.sleep(0.01)
    session.send("one")
    await server.wait(lambda word: word == "one")
    await server.peer.send("two")
    assert await some(session, is_word("two")) == [ReplyStarted("two")]
    server.peer.abort()
    [fault] = await some(session)
    assert isinstance(fault, Fault)
    assert fault.code == "lost"
    await session.close()


# What is warned of


async def test_each_kind_of_oddity_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    session = Words(Connection(url="ws://x/", at=AT))
    with caplog.at_level(logging.DEBUG, "device.engines.websocket"):
        for what in ("a", "b", "a"):
            session.warn(what, f"{what} is odd")
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "DEBUG"]
    assert "example.org: a is odd" in caplog.text


async def test_a_server_of_many_oddities_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    session = Words(Connection(url="ws://x/", at=AT))
    for n in range(2 * KINDS):
        session.warn(f"{n}", "odd")
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == KINDS


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), (f"the key {KEY}!", "the key ***!"), ("a\nb\x1b[0m", "a b [0m"), ("x" * 999, "x" * QUOTED)],
)
def test_what_a_server_says_fits_into_a_line_without_our_key(text: str, shown: str) -> None:
    assert Words(Connection(url="ws://x/", at=AT, key=Secret(KEY))).redacted(text) == shown


async def test_what_most_protocols_have_no_use_for_does_nothing(server: ScriptedWords) -> None:
    session = await opened(server)
    await session.played(Heard("i", 1, whole=False))
    assert session.farewell() is None
    assert not WebSocketSession.stale(session, ReplyStarted("one"))
    assert repr(session) == "Words('example.org', model='m')"
    await session.close()
    assert server.received == ["hello 0"]


@pytest.mark.parametrize("later", range(6))
async def test_of_several_that_close_it_the_first_says_goodbye(server: ScriptedWords, later: int) -> None:
    class Polite(Words):
        def farewell(self) -> str:
            return "goodbye"

    session = Polite(Connection(url=server.url, at=AT, heartbeat_s=None))
    await session.open(())
    first = asyncio.create_task(session.close())
    for _ in range(later):
        await asyncio.sleep(0)
    second, third = (asyncio.create_task(session.close()) for _ in range(2))
    await asyncio.sleep(0)
    third.cancel()  # whoever waits no longer ends it for nobody else
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert server.received[-1] == "goodbye"


async def test_what_nobody_reads_does_not_grow_without_bound(server: ScriptedWords) -> None:
    session = await opened(server)
    for _ in range(MAX_UNREAD // 1_000_000 + 2):
        session.tell(Audio("r", "i", bytes(1_000_000)))
    (fault,) = await some(session)
    assert isinstance(fault, Fault)
    assert fault.code == "endless"
    await session.close()


async def test_what_is_read_makes_room(server: ScriptedWords) -> None:
    session = await opened(server)
    events = session.events()
    for _ in range(3 * MAX_UNREAD // 1_000_000):
        session.tell(Audio("r", "i", bytes(1_000_000)))
        assert isinstance(await anext(events), Audio)
    await session.close()
