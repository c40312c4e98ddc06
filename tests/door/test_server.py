"""The door from inside: half, huge, deep and hostile messages, slow readers, many connections, one after the other."""

import asyncio
import errno
import itertools
import os
import socket

import msgspec
import pytest

from device.door import server as doors
from device.door.client import DoorError, connect
from device.door.messages import (
    LONGEST_REQUEST,
    VERSION,
    About,
    ChangeSetting,
    Cost,
    Done,
    Engine,
    Error,
    GetStatus,
    GetTimers,
    Hello,
    Level,
    Mute,
    Muted,
    Say,
    Snapshot,
    State,
    Subscribe,
    Timers,
    Unsubscribe,
    Volume,
    encode,
)
from device.door.place import FILE, reached
from device.door.server import (
    FOR_OWNERS,
    MOST_AT_ONCE,
    MOST_CONNECTIONS,
    MOST_UNSENT,
    MOST_WRONG,
    Peer,
    Refusal,
    Server,
)

NOW = Snapshot(About("Ada", "1", "en"), State("asleep", "asleep"), Engine(), Cost(), Timers(), Muted(), Volume(50))


class Door:
    """A server whose handler does what a test wants."""

    def __init__(self, folder):
        self.path = folder / FILE
        self.got, self.peers, self.wanted = [], [], []
        self.answer = self.done
        self.server = Server(self.path, self.handle, lambda: NOW, version="9", attend=self.wanted.append)

    async def handle(self, request, peer):
        self.got.append(request)
        self.peers.append(peer)
        return await self.answer(request)

    async def done(self, request):
        return Done()

    async def raw(self, hello=True):
        with reached(self.path) as way:
            reader, writer = await asyncio.open_unix_connection(way, limit=2**23)
        if hello:
            writer.write(encode(Hello(VERSION)))
            assert msgspec.json.decode(await reader.readline()) == {"type": "hello", "version": VERSION, "who": "9"}
        return reader, writer

    def client(self):
        return connect("a test", self.path)


@pytest.fixture
async def door(tmp_path):
    door = Door(tmp_path)
    assert await door.server.open()
    yield door
    await door.server.close()


async def until(holds):
    """Let everything go on that is under way until something holds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)


async def said(reader):
    return msgspec.json.decode(await asyncio.wait_for(reader.readline(), 5))


async def test_a_request_is_handed_on_with_who_asks_and_answered(door):
    async with await door.client() as client:
        assert await client.request(Mute(), Done) == Done(id=1)
    assert door.got == [Mute(id=1)]
    assert door.peers == [Peer(os.getuid(), os.getpid())]
    assert door.peers[0].owner
    assert not Peer(os.getuid() + 1, 1).owner
    assert Peer(0, 1).owner


async def test_what_is_refused_is_answered_by_an_error(door):
    async def refuse(request):
        raise Refusal("wait", "too often", "later", 3.0)

    door.answer = refuse
    async with await door.client() as client:
        with pytest.raises(DoorError, match="too often: later") as raised:
            await client.request(Mute(), Done)
    assert (raised.value.code, raised.value.wait_s) == ("wait", 3.0)


async def test_what_fails_is_logged_without_what_was_asked_and_the_connection_lives(door, caplog):
    async def fail(request):
        raise ZeroDivisionError

    door.answer = fail
    async with await door.client() as client:
        with pytest.raises(DoorError, match="went wrong"):
            await client.request(ChangeSetting("brain.api_key", "s3cret"), Done)
        door.answer = door.done
        assert await client.request(Mute(), Done)
    assert "could not answer ChangeSetting" in caplog.text
    assert "s3cret" not in caplog.text


async def test_one_that_takes_long_holds_up_no_other(door):
    going = asyncio.Event()

    async def slow(request):
        if isinstance(request, Say):
            await going.wait()
        return Done()

    door.answer = slow
    async with await door.client() as client:
        saying = asyncio.ensure_future(client.request(Say("x"), Done))
        assert await client.request(Mute(), Done)
        assert not saying.done()
        going.set()
        assert await saying


async def test_more_at_once_than_are_answered_are_refused(door):
    going = asyncio.Event()

    async def slow(request):
        await going.wait()
        return Done()

    door.answer = slow
    async with await door.client() as client:
        many = [asyncio.ensure_future(client.request(Mute(), Done)) for _ in range(MOST_AT_ONCE)]
        await until(lambda: len(door.got) == MOST_AT_ONCE)
        with pytest.raises(DoorError, match=f"{MOST_AT_ONCE} requests wait"):
            await client.request(Mute(), Done)
        going.set()
        assert len(await asyncio.gather(*many)) == MOST_AT_ONCE


async def test_subscribers_are_told_of_what_they_want_and_nothing_else(door):
    async with await door.client() as one, await door.client() as other:
        events, volumes = one.subscribe(), other.subscribe(["volume"])
        assert await anext(events) == NOW
        assert await anext(volumes) == NOW
        assert door.wanted[-1] >= {"volume", "mute"}
        assert "level" not in door.server.wanted
        door.server.publish(Muted(on=True))
        door.server.publish(Level(-20.0))
        door.server.publish(Volume(30))
        assert [await anext(events), await anext(events)] == [Muted(on=True), Volume(30)]
        assert await anext(volumes) == Volume(30)
        await one.request(Unsubscribe(), Done)
        assert door.wanted[-1] == {"volume"}
    await until(lambda: not door.wanted[-1])


async def test_half_a_message_is_none(door):
    reader, writer = await door.raw()
    writer.write(encode(Mute(id=1))[:-1])
    writer.write_eof()
    assert await reader.read() == b""
    assert door.got == []


async def test_messages_in_pieces_and_several_at_once_are_messages(door):
    reader, writer = await door.raw()
    for byte in encode(Mute(id=1)):
        writer.write(bytes([byte]))
        await writer.drain()
    writer.write(encode(GetStatus(id=2)) + b"\n \n" + encode(Mute(id=3)))
    assert sorted([(await said(reader))["id"] for _ in range(3)]) == [1, 2, 3]
    writer.close()


async def test_the_log_is_told_nothing_of_those_who_are_refused(door, caplog):
    wrong, held = await door.raw(), [await door.raw() for _ in range(MOST_CONNECTIONS - 1)]
    reader, late = await door.raw(hello=False)
    assert (await said(reader))["code"] == "too_many"
    wrong[1].write(b"x\n" * (MOST_WRONG + 1))
    assert (await asyncio.wait_for(wrong[0].read(), 5)).count(b"bad_message") == MOST_WRONG + 1
    await until(lambda: not door.server.wanted and len(door.wanted) > 0)
    for writer in (late, wrong[1], *(writer for _, writer in held)):
        writer.close()
    await door.server.close()
    assert caplog.text == ""


async def test_who_says_much_at_once_keeps_nobody_else_waiting(door):
    _, writer = await door.raw()
    writer.write(encode(Unsubscribe()) * 2000)
    done = [0]
    while done[-1] < 2000:
        await asyncio.sleep(0)
        done.append(len(door.wanted))
    assert max(after - before for before, after in itertools.pairwise(done)) <= 2
    writer.close()


async def test_a_huge_message_ends_the_connection_and_says_why(door):
    reader, writer = await door.raw()
    writer.write(b'{"type":"say","text":"' + b"x" * (2 * LONGEST_REQUEST))
    told = await said(reader)
    assert told["code"] == "too_long"
    assert str(LONGEST_REQUEST) in told["what"]
    writer.close()
    assert door.got == []


async def test_broken_and_deep_messages_are_answered_and_the_connection_lives(door):
    reader, writer = await door.raw()
    for line in (b"}", b'{"type":"fly"}', b"[" * 20_000, b'{"type":"say","text":""}', b"\x00\xff"):
        writer.write(line + b"\n")
        assert (await said(reader))["type"] == "error"
    writer.write(encode(Mute(id=7)))
    assert (await said(reader)) == {"type": "done", "id": 7}
    writer.close()


async def test_who_says_nothing_right_for_long_is_shown_the_door(door):
    reader, writer = await door.raw()
    writer.write(b"x\n" * (MOST_WRONG + 5))
    told = [msgspec.json.decode(line) for line in (await asyncio.wait_for(reader.read(), 5)).splitlines()]
    assert len(told) == MOST_WRONG + 1
    assert f"{MOST_WRONG} messages" in told[-1]["what"]
    writer.close()


@pytest.mark.parametrize(
    ("line", "code", "what"),
    [
        (b"GET / HTTP/1.1\r\n", "bad_message", "not a hello"),
        (encode(Mute(id=1)), "bad_message", "not a hello"),
        (encode(Hello(VERSION + 1)), "version", f"speaks version {VERSION}, not {VERSION + 1}"),
    ],
)
async def test_who_does_not_say_hello_is_told_how(door, line, code, what):
    reader, writer = await door.raw(hello=False)
    writer.write(line)
    told = await said(reader)
    assert told["code"] == code
    assert what in told["what"]
    assert await reader.read() == b""
    assert door.got == []
    writer.close()


async def test_who_never_says_hello_is_not_waited_for(door, monkeypatch):
    monkeypatch.setattr(doors, "GREET_S", 0.01)
    reader, writer = await door.raw(hello=False)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_a_slow_reader_is_dropped_and_costs_the_others_nothing(door, caplog):
    caplog.set_level("INFO")
    _, writer = await door.raw()
    writer.transport.pause_reading()  # from now on it reads nothing
    writer.write(encode(Subscribe(("volume",), id=1)))
    async with await door.client() as client:
        events = client.subscribe(["volume", "mute"])
        assert await anext(events) == NOW
        count = 0
        while "volume" in door.server.wanted and "does not read" not in caplog.text:
            door.server.publish(Volume(count % 100))
            assert await anext(events) == Volume(count % 100)
            count += 1
        assert count * len(encode(Volume(10))) >= MOST_UNSENT, "it is given some time"
        door.server.publish(Muted(on=True))
        assert await anext(events) == Muted(on=True)
    writer.transport.abort()


async def test_connections_are_counted(door):
    many = [await door.raw() for _ in range(MOST_CONNECTIONS)]
    reader, writer = await door.raw(hello=False)
    told = await said(reader)
    assert told["code"] == "too_many"
    assert await reader.read() == b""
    writer.close()
    many[0][1].close()
    await until(lambda: door.wanted)
    more = await door.raw()
    for _, one in [*many, more]:
        one.close()


async def test_some_places_are_root_s_and_the_owner_s(door, monkeypatch):
    with monkeypatch.context() as others:
        others.setattr(Peer, "owner", False)
        many = [await door.raw() for _ in range(MOST_CONNECTIONS - FOR_OWNERS)]
        reader, writer = await door.raw(hello=False)
        assert (await said(reader))["code"] == "too_many"
        writer.close()
    async with await door.client() as client:
        assert await client.request(Mute(), Done)
    for _, one in many:
        one.close()


async def test_an_answer_that_is_too_long_is_said_to_be(door, monkeypatch):
    monkeypatch.setattr(doors, "LONGEST_REPLY", 10)
    async with await door.client() as client:
        with pytest.raises(DoorError, match="too long: ask for less"):
            await client.request(Mute(), Done)


async def test_at_the_end_all_are_told_and_nothing_is_left(door):
    reader, writer = await door.raw()
    async with await door.client() as client:
        events = client.subscribe()
        assert await anext(events) == NOW
        await door.server.close()
        with pytest.raises(DoorError, match="the daemon ends"):
            await anext(events)
    assert (await said(reader))["code"] == "closing"
    assert not door.path.exists()
    await door.server.close()
    writer.close()


async def test_one_that_is_asked_when_it_ends_is_given_up(door):
    async def hang(request):
        await asyncio.Event().wait()

    door.answer = hang
    async with await door.client() as client:
        asking = asyncio.ensure_future(client.request(GetTimers(), Done))
        await until(lambda: door.got)
        await door.server.close()
        with pytest.raises(DoorError, match="the daemon ends"):
            await asking


# Where it is


async def test_only_its_owner_and_the_group_come_in(door):
    assert door.path.stat().st_mode & 0o777 in (0o600, 0o660)


@pytest.mark.parametrize("member", [True, False])
async def test_the_group_comes_in_if_it_is_there_and_the_daemon_is_in_it(tmp_path, monkeypatch, member):
    class Group:
        gr_gid = os.getegid() if member else 4711

    monkeypatch.setattr("grp.getgrnam", lambda name: Group)
    door = Door(tmp_path)
    assert await door.server.open()
    assert door.path.stat().st_mode & 0o777 == (0o660 if member else 0o600)
    await door.server.close()


async def test_what_a_daemon_that_died_left_is_replaced(tmp_path):
    left = Door(tmp_path)
    with reached(left.path) as way, socket.socket(socket.AF_UNIX) as dead:
        dead.bind(way)
    assert left.path.is_socket()
    assert await left.server.open()
    async with await left.client() as client:
        assert await client.request(Mute(), Done)
    await left.server.close()


async def test_where_somebody_else_listens_it_keeps_away(door, caplog):
    other = Door(door.path.parent)
    assert not await other.server.open()
    assert "somebody else listens there" in caplog.text
    await other.server.close()
    async with await door.client() as client:
        assert await client.request(Mute(), Done)


@pytest.mark.parametrize("what", ["link", "file", "folder"])
async def test_what_is_no_socket_stays(tmp_path, caplog, what):
    door = Door(tmp_path)
    match what:
        case "link":
            door.path.symlink_to(tmp_path / "elsewhere")
        case "file":
            door.path.write_text("mine")
        case _:
            door.path.mkdir()
    assert not await door.server.open()
    assert "move it away" in caplog.text
    assert door.path.is_symlink() or door.path.exists()
    assert not (tmp_path / "elsewhere").exists()


async def test_a_folder_that_cannot_be_written_is_told_of(tmp_path, caplog, monkeypatch):
    def bind(self, way):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(socket.socket, "bind", bind)
    assert not await Door(tmp_path).server.open()
    assert "Read-only file system" in caplog.text


async def test_it_can_be_opened_again_at_once(tmp_path):
    for _ in range(3):
        door = Door(tmp_path)
        assert await door.server.open()
        async with await door.client() as client:
            assert await client.request(Mute(), Done)
            await door.server.close()
            with pytest.raises(DoorError):
                await client.request(Mute(), Done)


def test_an_error_is_a_line():
    assert encode(Error("failed", "x\ny")).count(b"\n") == 1
