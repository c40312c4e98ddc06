"""The door from outside, with a daemon that says what a test has it say."""

import asyncio
import os
import socket

import msgspec
import pytest

from device.door.client import MOST_WAITING, DoorError, NoDaemon, connect
from device.door.messages import (
    VERSION,
    AnyRequest,
    Done,
    Error,
    GetTimers,
    Hello,
    Mute,
    Muted,
    Subscribe,
    TimersSet,
    Unmute,
    Volume,
    encode,
)
from device.door.place import FILE
from device.system import paths

GREETING = Hello(VERSION, who="test")
REQUESTS = msgspec.json.Decoder(AnyRequest | Hello)


class Scripted:
    """A daemon at `path` that answers each request by what `answer` returns for it."""

    def __init__(self, path, answer=lambda request: [], greeting=GREETING):
        self.path, self.answer, self.greeting = path, answer, greeting
        self.got = []
        self.writers = []

    async def serve(self, reader, writer):
        self.writers.append(writer)
        while line := await reader.readline():
            request = REQUESTS.decode(line)
            self.got.append(request)
            if isinstance(request, Hello):
                if self.greeting is None:
                    writer.close()
                    return
                writer.write(self.greeting if isinstance(self.greeting, bytes) else encode(self.greeting))
                continue
            for one in self.answer(request):
                writer.write(one if isinstance(one, bytes) else encode(one))

    async def __aenter__(self):
        self.server = await asyncio.start_unix_server(self.serve, self.path)
        return self

    async def __aexit__(self, *_):
        for writer in self.writers:
            writer.close()
        self.server.close()


@pytest.fixture
def path(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # a short way to a place that is deep
    monkeypatch.setattr(paths, "SHARED", tmp_path / "none")
    return tmp_path.joinpath("d").relative_to(tmp_path)


async def test_a_request_is_answered_by_the_reply_with_its_number(path):
    def answer(request):
        match request:
            case GetTimers():
                return [Done(id=request.id + 7), TimersSet(id=request.id, ringing=True)]
        return [Done(id=request.id)]

    async with Scripted(path, answer) as daemon, await connect("a test", path) as door:
        muted, timers = await asyncio.gather(door.request(Mute(), Done), door.request(GetTimers(), TimersSet))
        assert (muted, timers) == (Done(id=1), TimersSet(id=2, ringing=True))
        assert daemon.got == [Hello(VERSION, "a test"), Mute(id=1), GetTimers(id=2)]


async def test_an_error_says_what_and_how_it_is_put_right(path):
    def answer(request):
        return [Error("impossible", "a switch holds it muted", "open the switch", request.id)]

    async with Scripted(path, answer), await connect("a test", path) as door:
        with pytest.raises(DoorError, match="a switch holds it muted: open the switch") as raised:
            await door.request(Unmute(), Done)
    assert raised.value.code == "impossible"


async def test_an_answer_of_another_kind_is_an_error(path):
    async with Scripted(path, lambda request: [Done(id=request.id)]), await connect("a test", path) as door:
        with pytest.raises(DoorError, match="answered GetTimers by Done"):
            await door.request(GetTimers(), TimersSet)


async def test_what_happens_is_told_until_the_daemon_ends_and_unknown_kinds_are_passed_over(path):
    def answer(request):
        return [Done(id=request.id), b'{"type":"weather","sun":true}\n', Muted(on=True), Volume(30)]

    async with Scripted(path, answer) as daemon, await connect("a test", path) as door:
        events = door.subscribe(["mute", "volume"])
        told = [await anext(events), await anext(events)]
        daemon.writers[0].close()
        with pytest.raises(DoorError, match="the daemon has ended"):
            await anext(events)
        assert told == [Muted(on=True), Volume(30)]
        assert daemon.got[-1] == Subscribe(("mute", "volume"), id=1)
        assert door.closed
        with pytest.raises(DoorError, match="the daemon has ended"):
            await door.request(Mute(), Done)


async def _until(holds):
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)


async def _all(events):
    return [event async for event in events]


async def test_whoever_reads_late_is_told_of_the_end_too(path):
    def answer(request):
        return [Done(id=request.id), *map(Volume, range(MOST_WAITING + 1))]

    async with Scripted(path, answer) as daemon, await connect("a test", path) as door:
        events = door.subscribe(["volume"])
        assert await anext(events) == Volume(0)
        daemon.writers[0].close()
        await _until(lambda: door.closed)
        with pytest.raises(DoorError, match="the daemon has ended"):
            await asyncio.wait_for(_all(events), 5)


async def test_who_is_dropped_is_told_why(path):
    def answer(request):
        daemon.writers[0].write(encode(Error("too_slow", "events were not read", "read them")))
        daemon.writers[0].close()
        return []

    async with Scripted(path, answer) as daemon, await connect("a test", path) as door:
        with pytest.raises(DoorError, match="events were not read: read them"):
            await door.request(Mute(), Done)


async def test_a_line_without_end_is_not_kept(path, monkeypatch):
    monkeypatch.setattr("device.door.client.LONGEST_REPLY", 1000)
    async with Scripted(path, lambda request: [b"x" * 5000]), await connect("a test", path) as door:
        with pytest.raises(DoorError, match="broke off"):
            await door.request(Mute(), Done)


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        (Hello(VERSION + 1), "speaks version 2, not 1"),
        (Error("version", "version 1 is too old", "update"), "version 1 is too old: update"),
        (b"HTTP/1.1 400 Bad Request\n", "does not answer"),
        (None, "does not answer"),
    ],
)
async def test_a_daemon_that_does_not_speak_this_is_not_spoken_to(path, greeting, told):
    async with Scripted(path, greeting=greeting):
        with pytest.raises(DoorError, match=told):
            await connect("a test", path)


async def test_without_a_daemon_it_is_said_how_to_start_one(path):
    with pytest.raises(NoDaemon, match=r"there is no daemon: start it by `.* run`, or .*systemctl start parley"):
        await connect("a test", path)


async def test_of_a_socket_that_nobody_listens_at_any_more_the_same_is_said(path):
    with socket.socket(socket.AF_UNIX) as left:  # which asyncio takes away from Python 3.13 on
        left.bind(str(path))
    assert path.is_socket()
    with pytest.raises(NoDaemon, match="there is no daemon"):
        await connect("a test", path)


async def test_ones_own_daemon_is_asked_first_and_then_that_of_the_service(path, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 4711)  # a person's
    own, shared = tmp_path / "s" / "parley", tmp_path / "none"
    own.mkdir(parents=True)
    shared.mkdir()
    environ = {"XDG_STATE_HOME": str(tmp_path / "s")}
    async with Scripted(shared / FILE) as service:
        async with await connect("a test", environ=environ):
            assert service.got == [Hello(VERSION, "a test")]
        async with Scripted(own / FILE) as mine, await connect("a test", environ=environ):
            assert mine.got == [Hello(VERSION, "a test")]
        async with await connect("a test", environ=environ):
            assert len(service.got) == 2, "a socket that was left behind hides nobody"


async def test_a_door_that_is_shut_to_this_user_names_the_group(path, monkeypatch):
    async def refused(*_, **__):
        raise PermissionError

    path.touch()
    path.chmod(0o660)
    monkeypatch.setattr(asyncio, "open_unix_connection", refused)
    with pytest.raises(NoDaemon, match=r"only root and the group \w+ may .* -aG \w+ \$USER") as raised:
        await connect("a test", path)
    assert raised.value.code == "refused"
    path.chmod(0o600)
    with pytest.raises(NoDaemon, match="only its owner and root may"):
        await connect("a test", path)


async def test_of_two_doors_that_are_shut_that_is_named_which_a_group_may_use(tmp_path, monkeypatch):
    async def refused(*_, **__):
        raise PermissionError

    monkeypatch.setattr(asyncio, "open_unix_connection", refused)
    monkeypatch.setattr(paths, "SHARED", tmp_path)
    (tmp_path / FILE).touch()
    (tmp_path / FILE).chmod(0o660)
    with pytest.raises(NoDaemon, match="only root and the group"):
        await connect("a test", environ={"XDG_STATE_HOME": str(tmp_path / "a home one may not look into")})


async def test_events_that_nobody_reads_are_not_piled_up(path, monkeypatch):
    monkeypatch.setattr("device.door.client.MOST_WAITING", 4)

    def answer(request):
        return [Done(id=request.id), *(Volume(n) for n in range(20))]

    async with Scripted(path, answer), await connect("a test", path) as door:
        told = [event.percent async for event in _first(door.subscribe(), 20)]
        assert told == list(range(20))


async def _first(events, count):
    async for event in events:
        yield event
        count -= 1
        if not count:
            return


async def test_who_is_ended_while_hanging_up_ends(path):
    """What awaited the reader took its own end for the reader's, and went on."""
    async with Scripted(path):
        door = await connect("a test", path)
        closing = asyncio.create_task(door.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await asyncio.sleep(0)
        assert door.closed
