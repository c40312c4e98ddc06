"""Where `parley wifi` is asked: a socket for its user, root and the group `parley`, as the daemon's door is."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from device.door.place import listen, shut
from device.system.harmless import line
from device.wifi import messages as m

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

log = logging.getLogger(__name__)

ASK_S: Final = 5.0
"""How long somebody may take to ask, and to read the answer. A choice: programs take milliseconds."""
MOST: Final = 32
"""Connections at once; a choice: a household's telephones, each by the page."""
_requests: Final[msgspec.json.Decoder[m.AnyRequest]] = msgspec.json.Decoder(m.AnyRequest)


class Server:
    """Answers by `answer`, at the socket `path`."""

    def __init__(self, path: Path, answer: Callable[[m.AnyRequest], m.AnyReply]) -> None:
        self._path, self._answer = path, answer
        self._count = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Be there. Raises OSError if the socket cannot be."""
        door = listen(self._path)
        server = await asyncio.start_unix_server(self._serve, sock=door, limit=m.LONGEST)
        try:
            yield
        finally:
            server.close()
            shut(self._path, door)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        try:
            with suppress(OSError, ValueError, TimeoutError):  # who says nothing, or no line, gets no answer
                async with asyncio.timeout(ASK_S):
                    if asked := await reader.readline() if self._count <= MOST else b"":
                        writer.write(m.encode(self._answered(asked)))
                        await writer.drain()
        finally:
            self._count -= 1
            writer.close()

    def _answered(self, asked: bytes) -> m.AnyReply:
        try:
            request = _requests.decode(asked)
        except (msgspec.DecodeError, RecursionError) as error:
            return m.Refused(f"this cannot be understood: {line(error)[:200]}")
        return self._answer(request)
