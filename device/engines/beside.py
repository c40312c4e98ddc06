"""The local engine in a process of its own beside the daemon: it can crash and be started again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import TYPE_CHECKING

import aiohttp

from device.engines.contract import EngineError, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from device.settings import LocalSettings

log = logging.getLogger(__name__)

READY_LINE = "Listening on "
"""What `parley engine` prints before its address, once it can answer."""
START_TIMEOUT_S = 30


class LocalEngine:
    """Where the local engine is; `url` starts it when it is not running.

    `reuse` an engine that listens already at the address in the settings, as the systemd unit's does.
    """

    def __init__(self, settings: LocalSettings, config: Path | None = None, *, reuse: bool = True) -> None:
        self._settings = settings
        self._config = config
        self._reuse = reuse
        self._process: asyncio.subprocess.Process | None = None
        self._url = ""
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process, if one was started here and lives."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def url(self) -> str:
        """Return the engine's WebSocket address. Raises EngineError."""
        if self._settings.url:
            return self._settings.url
        async with self._starting:
            if self.pid is None:
                self._url = (await self._running()) or (await self._start())
            return self._url

    async def close(self) -> None:
        """End the process that was started here; harmless when repeated."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the engine ends with its parent's end of the pipe
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()

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
        self._process = process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "device.cli",
                "engine",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--with-parent",
                *config,
            ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                async for line in process.stdout:
                    text = line.decode(errors="replace").strip()
                    if text.startswith(READY_LINE):
                        log.info("The local engine runs as process %d.", process.pid)
                        return text.removeprefix(READY_LINE)
        except TimeoutError:
            process.kill()
            why = f"did not get ready within {START_TIMEOUT_S} s"
        else:
            why = f"ended with status {await process.wait()}"
        raise EngineError(Fault("local_engine", f"The local engine {why}: run `parley engine` to see why.", retry=True))
