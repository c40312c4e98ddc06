"""Connections that are no session: how many, and for how long; on a real port."""

import asyncio
import json
import logging

from aiohttp import web
from support.scripted import PATIENCE

from device.web.connections import Connections, http_log

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MUCH = 32 * 1024 * 1024
"""Bytes of an answer, more than the system takes of one that nobody reads."""


class Server:
    """A server on which every request is answered, or held as a session."""

    def __init__(self, **limits):
        self.connections = Connections(**limits)
        self.holding = asyncio.Semaphore(0)
        self.held = asyncio.Event()

    async def __aenter__(self):
        async def answer(request):
            self.connections.asked(request)
            if request.path == "/much":
                return web.Response(body=bytes(MUCH))
            if request.path == "/hold":
                self.connections.hold(request)
                self.holding.release()
                await self.held.wait()
            return web.Response(text="fine")

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, logger=http_log())
        await self.runner.setup()
        make = self.connections.guard(self.runner.server)
        self.listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_):
        self.held.set()
        self.listening.close()
        await self.runner.cleanup()

    async def connect(self, said=b""):
        reader, writer = await asyncio.open_connection(*self.listening.sockets[0].getsockname())
        writer.write(said)
        return reader, writer


async def all_of(reader):
    return await asyncio.wait_for(reader.read(), PATIENCE)


async def answered(reader):
    return await asyncio.wait_for(reader.readuntil(b"fine"), PATIENCE)


async def test_one_that_asks_for_nothing_is_told_and_ended():
    async with Server(request_s=0.1) as server:
        for said in (b"", REQUEST[:10], REQUEST[:-2]):
            reader, writer = await server.connect(said)
            head, _, body = (await all_of(reader)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 408 ")
            assert json.loads(body)["error"]["code"] == "request_timeout"
            writer.close()


async def test_one_that_has_asked_is_left_alone():
    async with Server(request_s=0.05) as server:
        reader, writer = await server.connect(REQUEST)
        await answered(reader)
        late, _ = await server.connect()
        await all_of(late)  # ended after this one would have been
        writer.write(REQUEST)
        await answered(reader)
        writer.close()


async def test_the_oldest_gives_way_and_the_newest_is_answered():
    async with Server(most=3) as server:
        idle = [await server.connect() for _ in range(10)]
        reader, writer = await server.connect(REQUEST)
        await answered(reader)
        gone = [await all_of(one) for one, _ in idle[:8]]
        assert all(b" 503 " in said and b"too_many_connections" in said for said in gone)
        for one in (*idle, (reader, writer)):
            one[1].close()


async def test_those_that_do_not_go_are_not_waited_for_without_end():
    async with Server(most=3) as server:
        unread = []
        for _ in range(12):
            reader, writer = await server.connect(REQUEST.replace(b"/ ", b"/much "))
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.transport.pause_reading()
            unread.append((reader, writer))
        read = []
        for reader, writer in unread[:6]:
            writer.transport.resume_reading()
            try:
                read.append(len(await asyncio.wait_for(reader.read(), PATIENCE)))
            except ConnectionResetError:
                read.append(0)
        for _, writer in unread:
            writer.transport.abort()
    assert all(size < MUCH for size in read), "three may ask, three more may take their time to go"


async def test_sessions_do_not_count_and_do_not_give_way():
    async with Server(most=2) as server:
        held = [await server.connect(REQUEST.replace(b"/ ", b"/hold ")) for _ in range(5)]
        for _ in held:
            await asyncio.wait_for(server.holding.acquire(), PATIENCE)
        idle = [await server.connect() for _ in range(5)]
        await all_of(idle[0][0])
        server.held.set()
        for reader, _ in held:
            await answered(reader)
        for _, writer in (*held, *idle):
            writer.close()


async def test_what_is_no_http_is_not_written_into_the_log(caplog):
    async with Server() as server:
        for said in (
            b"\x16\x03\x01 a key\r\n\r\n",
            b"GET / HTTP/1.1\r\nsk-secret\x00key\r\n\r\n",
            b"x" * 100_000 + b"\r\n\r\n",
        ):
            reader, writer = await server.connect(said)
            assert b" 400 " in await all_of(reader)
            writer.close()
    assert "Error handling" not in caplog.text
    assert "key" not in caplog.text


async def test_what_fails_here_is_written_into_the_log(caplog):
    http_log().log(logging.ERROR, "failed", exc_info=RuntimeError("scripted"))
    assert "scripted" in caplog.text
