"""The local engine in a process of its own beside the daemon: it can crash and be started again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

import aiohttp

from device.conversation.engine import EngineError, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from device.settings.local import LocalSettings

log = logging.getLogger(__name__)

READY_LINE = "Listening on "
"""What `parley engine` prints before its address, once it can answer."""
FAILED_LINE = "Cannot start: "
"""What it prints, to a parent, before the reason why it never will."""
START_TIMEOUT_S = 30
"""A choice: models are loaded from slow cards, but one that hangs is to be told of."""
USERS_FAULT = (1, 2)
"""The statuses of a `parley engine` that no attempt gets round: it has said what to do."""
END_S = 3
"""How long it may take to end once its parent has; after that it is killed."""
STEADY_S = 10
"""An engine that ends sooner than this after its start would only do so again. A choice: longer would
leave one that crashed by chance down until the next session."""


class LocalProcess:
    """Where the local engine is; `url` starts it when it is not running.

    `reuse` an engine that listens already at the address in the settings, as the systemd unit's does.
    """

    def __init__(self, settings: LocalSettings, config: Path | None = None, *, reuse: bool = True) -> None:
        self._settings = settings
        self._config = config
        self._reuse = reuse
        self._process: asyncio.subprocess.Process | None = None
        self._address: asyncio.Task[str] | None = None
        self._watch: asyncio.Task[None] | None = None

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
        """Return the address of an engine that runs already, or ""."""
        if not self._reuse or not self._settings.port:
            return ""
        at = f"{self._settings.host}:{self._settings.port}"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            timeout = aiohttp.ClientTimeout(total=1)
            async with aiohttp.ClientSession(timeout=timeout) as http, http.get(f"http://{at}/health") as answer:
                if answer.status == 200:
                    return f"ws://{at}/v1/realtime"
        return ""

    async def _start(self) -> str:
        config = ["--config", str(self._config)] if self._config else []
        arguments = ("--host", "127.0.0.1", "--port", "0", "--with-parent", *config)
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "device", "engine", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # The service manager listens to the assistant only.
                env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
            )
        except OSError as error:
            raise _failed(f"cannot be started ({error.strerror})") from error
        assert process.stdout is not None  # noqa: S101 - asked for above
        why = ""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                async for line in process.stdout:
                    text = line.decode(errors="replace").strip()
                    if text.startswith(READY_LINE):
                        log.info("The local engine runs as process %d.", process.pid)
                        self._watch = asyncio.create_task(self._restart(process))
                        return text.removeprefix(READY_LINE)
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


def _failed(why: str, *, retry: bool = True) -> EngineError:
    return EngineError(Fault("local_engine", f"The local engine {why}: run `parley engine` to see why.", retry=retry))
