"""The local engine in a process of its own beside the daemon: it can crash and be started again by itself."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import aiohttp

from device.conversation.engine import EngineError, Fault
from device.engines import unix_socket
from device.system.paths import ENGINE_SOCKET
from device.system.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from device.settings.local import LocalSettings

log = logging.getLogger(__name__)

READY_LINE = "Listening on "
"""What `parley engine` prints before where it listens, once it can answer."""
FAILED_LINE = "Cannot start: "
"""What it prints, to a parent, before the reason why it never will."""
START_TIMEOUT_S = 30
"""A choice: models are loaded from slow cards, but one that hangs is to be told of."""
USERS_FAULT = (1, 2)
"""The statuses of a `parley engine` that no attempt gets round: it has said what to do."""
END_S = 3
"""How long it may take to end once its parent has; after that it is killed."""
POLL_S = 0.2
"""Between questions whether the unit's engine is ready; a choice."""
STEADY_S = 10
"""An engine that ends sooner than this after its start would only do so again. A choice: longer would
leave one that crashed by chance down until the next session."""


class LocalProcess:
    """Where the local engine is; `url` starts it when it is not running.

    It is reached by a Unix socket: with `reuse` that of the systemd unit, if there is one for this user, and else one
    that is made here and handed to the process. No other engine is used that the settings do not name.
    """

    def __init__(self, settings: LocalSettings, config: Path | None = None, *, reuse: bool = True) -> None:
        self._settings = settings
        self._config = config
        self._reuse = reuse
        self._process: asyncio.subprocess.Process | None = None
        self._address: asyncio.Task[str] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._folder = ""
        """Of the socket that was made here, for this user alone."""

    @property
    def pid(self) -> int | None:
        """The process, if one was started here and lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def url(self) -> str:
        """Return the engine's WebSocket address. Raises EngineError.

        Whoever gives up waiting does not end the start, for which a slow machine needs longer than anybody waits.
        """
        if self._settings.url:
            return self._settings.url
        if self._address is None or (self._address.done() and self.pid is None):
            self._address = asyncio.create_task(self._find())
        return await asyncio.shield(self._address)

    async def close(self) -> None:
        """End the process that was started here; harmless when repeated."""
        for task in (self._watch, self._address):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        process, self._process = self._process, None
        shutil.rmtree(self._folder, ignore_errors=True)
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the engine ends with its parent's end of the pipe
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _find(self) -> str:
        return (await self._running()) or (await self._start())

    async def _restart(self, process: asyncio.subprocess.Process) -> None:
        """Once the engine has crashed, start it again, so that nobody waits for that later."""
        began = time.monotonic()
        status = await process.wait()
        log.warning("The local engine ended with status %d.", status)
        if time.monotonic() - began < STEADY_S:
            return  # the next session may try
        try:
            await self.url()
        except EngineError as error:
            log.error("%s", error)  # noqa: TRY400 - the message says it all

    async def _running(self) -> str:
        """Return the address of the unit's engine once it is ready, or "" if there is none that may be used."""
        if not self._reuse or not unix_socket.listens(ENGINE_SOCKET):
            return ""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(ENGINE_SOCKET))) as http:
                    await _ready(http)
        except (aiohttp.ClientError, TimeoutError, OSError):
            log.warning("The engine's unit does not get ready; another engine is started beside it.")
            return ""
        return unix_socket.address(ENGINE_SOCKET)

    async def _start(self) -> str:
        config = ["--config", str(self._config)] if self._config else []
        try:
            listening = self._listen()
        except OSError as error:
            raise _failed(f"cannot have a socket ({error.strerror or error})") from error
        arguments = ("--socket", str(listening.fileno()), "--with-parent", *config)
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "device", "engine", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=[listening.fileno()],
                # The service manager listens to the assistant only.
                env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
            )
        except OSError as error:
            raise _failed(f"cannot be started ({error.strerror})") from error
        finally:
            address = unix_socket.address(listening.getsockname())
            listening.close()  # the process has it; once it has ended, nobody listens
        assert process.stdout is not None  # noqa: S101 - asked for above
        why = ""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                async for line in process.stdout:
                    text = line.decode(errors="replace").strip()
                    if text.startswith(READY_LINE):
                        log.info("The local engine runs as process %d.", process.pid)
                        self._watch = asyncio.create_task(self._restart(process))
                        return address
                    if text.startswith(FAILED_LINE):
                        why = text.removeprefix(FAILED_LINE)
        except TimeoutError:
            process.kill()
            raise _failed(f"did not get ready within {START_TIMEOUT_S} s") from None
        status = await process.wait()
        if why:
            fault = Fault("local_engine", f"The local engine cannot start: {why}", retry=status not in USERS_FAULT)
            raise EngineError(fault)
        raise _failed(f"ended with status {status}", retry=status not in USERS_FAULT)

    def _listen(self) -> socket.socket:
        """Return a socket that listens where nobody else can put one. Raises OSError."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = tempfile.mkdtemp(prefix="parley-engine-")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(f"{self._folder}/engine.socket")
            listening.listen()
        except OSError:
            listening.close()
            raise
        return listening


async def _ready(http: aiohttp.ClientSession) -> None:
    """Wait until the engine takes sessions. Raises OSError or ClientError if it does not answer."""
    while True:
        async with http.get("http://localhost/health") as answer:
            if answer.status == 200:
                return
        await asyncio.sleep(POLL_S)


def _failed(why: str, *, retry: bool = True) -> EngineError:
    return EngineError(
        Fault("local_engine", f"The local engine {why}: run `{typed('engine')}` to see why.", retry=retry)
    )
