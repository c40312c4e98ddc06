"""A network with a delay: what is sent through it in either direction arrives so much later, in order."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

_CHUNK: Final = 65_536
"""Bytes that are passed on at a time, at most."""


class Network:
    """Leads from a port of 127.0.0.1, which is `port`, to another; as an async context manager."""

    def __init__(self, to_port: int, delay_ms: float) -> None:
        self.port = 0
        self._to = to_port
        self._delay_s = delay_ms / 1000
        self._ways: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for way in self._ways:
            way.cancel()
        if self._ways:
            await asyncio.wait(self._ways)

    async def _connect(self, near: StreamReader, back: StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self._to)
        for source, sink in ((near, forth), (far, back)):
            line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
            for way in (self._take(source, line), self._deliver(line, sink)):
                task = asyncio.create_task(way)
                self._ways.add(task)
                task.add_done_callback(self._ways.discard)

    async def _take(self, source: StreamReader, line: asyncio.Queue[tuple[float, bytes]]) -> None:
        loop = asyncio.get_running_loop()
        data = b"-"
        while data:
            try:
                data = await source.read(_CHUNK)
            except ConnectionError:
                data = b""
            line.put_nowait((loop.time() + self._delay_s, data))

    async def _deliver(self, line: asyncio.Queue[tuple[float, bytes]], sink: StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.closing(sink), contextlib.suppress(ConnectionError):
            while True:
                due, data = await line.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    return
                sink.write(data)
                await sink.drain()
