"""A real broker: Debian's Mosquitto, on loopback and a port of its own, with what a test wants of it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiomqtt import Client, ProtocolVersion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")


class Mosquitto:
    """A broker in `folder`, which comes and goes; `lines` are added to its configuration."""

    def __init__(self, folder: Path, *lines: str) -> None:
        assert PROGRAM, "scripts/setup --dev installs mosquitto"
        self.folder = folder
        self.port = free_port()
        self._lines = lines or ("allow_anonymous true",)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Listen, and return once it does."""
        assert PROGRAM
        file = self.folder / "mosquitto.conf"
        file.write_text("\n".join([f"listener {self.port} 127.0.0.1", *self._lines, "user root", ""]))
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM, "-c", str(file), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        assert self._process.stderr
        said = b""
        while b"running" not in said:
            said = await asyncio.wait_for(self._process.stderr.readline(), 20)
            assert said, "mosquitto has ended"
        self._reading = asyncio.create_task(self._read(self._process.stderr))

    async def stop(self) -> None:
        """End, as for a power cut; harmless when repeated."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading
        self._process = None

    @asynccontextmanager
    async def client(self, **more: object) -> AsyncIterator[Client]:
        """Be another client of it."""
        async with Client("127.0.0.1", self.port, protocol=ProtocolVersion.V5, **more) as client:  # type: ignore[arg-type]
            yield client

    async def _read(self, stderr: asyncio.StreamReader) -> None:
        while await stderr.readline():
            pass


def free_port() -> int:
    """Return a port of loopback that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
