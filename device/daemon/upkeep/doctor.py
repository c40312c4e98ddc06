"""The doctor beside the daemon: a process of its own, lowest in rank, since it takes processor and memory for a while.

It looks from within: with the daemon's user, sandbox, settings and keys. The sound card is the assistant's meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from device.door.upkeep import LARGEST_BUNDLE, Finding, FindingsAre
from device.system import asks
from device.system.typed import of_service, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

LONGEST_S: Final = 180.0
"""How long it may take. A choice: three engines that do not answer take it so long."""
PATIENCE_S: Final = 20.0
"""How long who asks for news waits for them at most, to be told that there are none."""
MOST_FINDINGS: Final = 200
"""A choice: there are about thirty."""
LONGEST_FINDING: Final = 65_536
"""Bytes of a line that it prints."""
NOT_FOR_IT: Final = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""Variables by which it would speak to the service manager in the daemon's name."""


class DoctorError(Exception):
    """It did not come to its end; says why."""


class Doctor:
    """Runs the doctor, once at a time; `config` is the settings file, if one was named, and `log` the daemon's log.

    `log` returns it as the system's log would: a JSON object a line, as `journalctl --output=json`. `command` is the
    doctor's, which prints a finding a line, or with `--bundle -` a bundle after it has read the log.
    """

    def __init__(
        self,
        config: Path | None = None,
        log: Callable[[], bytes] = lambda: b"",
        *,
        command: Sequence[str] = ("nice", "-n", "19", sys.executable, "-P", "-m", "device", "doctor", "--within"),
    ) -> None:
        self._command = (*command, *(("--config", str(config)) if config else ()))
        self._log = log
        self._looking: asyncio.Task[None] | None = None
        self._packing = asyncio.Lock()
        self._news = asyncio.Event()
        self._findings: list[Finding] = []
        self._began: float | None = None
        self._wrong = ""

    @property
    def going(self) -> bool:
        """Whether it looks just now."""
        return self._looking is not None and not self._looking.done()

    @property
    def packs(self) -> bool:
        """Whether it makes a bundle just now."""
        return self._packing.locked()

    def begin(self) -> None:
        """Have it look, unless it does."""
        if not self.going:
            self._findings, self._wrong, self._began = [], "", time.time()
            self._looking = asyncio.create_task(self._look())

    async def found(self, after: int) -> FindingsAre:
        """Return what it has found, as soon as that is more than so much, or all."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.going and len(self._findings) <= after:
                    await self._news.wait()
        return FindingsAre(tuple(self._findings), self.going, self._began, self._wrong, by_hand())

    async def bundle(self) -> bytes:
        """Return a bundle, which takes as long as to look. Raises DoctorError."""
        async with self._packing:
            process = await self._start("--bundle", "-", takes=True)
            try:
                async with asyncio.timeout(LONGEST_S):
                    data = await _talk(process, self._log())
                    status = await process.wait()
            except TimeoutError:
                raise DoctorError(f"it took longer than {LONGEST_S:.0f} s") from None
            finally:
                await _end(process)
        if not data:  # one that has found faults has the status 1, and a bundle
            raise DoctorError(f"the doctor ended with status {status}")
        return data

    async def close(self) -> None:
        """End what goes on; harmless when repeated."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        try:
            process = await self._start()
            try:
                async with asyncio.timeout(LONGEST_S):
                    await self._follow(process)
            finally:
                await _end(process)
        except TimeoutError:
            self._wrong = f"it took longer than {LONGEST_S:.0f} s"
        except DoctorError as error:
            self._wrong = str(error)
        finally:
            self._tell()

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Take what it finds, until it ends. Raises DoctorError."""
        assert process.stdout is not None  # noqa: S101 - asked for
        try:
            async for line in process.stdout:
                if len(self._findings) < MOST_FINDINGS:
                    self._findings.append(msgspec.json.decode(line, type=Finding))
                    self._tell()
        except (ValueError, msgspec.DecodeError):
            raise DoctorError("what it found cannot be read") from None
        if not self._findings:
            raise DoctorError(f"the doctor ended with status {await process.wait()}")

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _start(self, *arguments: str, takes: bool = False) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                *arguments,
                stdin=asyncio.subprocess.PIPE if takes else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name not in NOT_FOR_IT},
                limit=LONGEST_FINDING,
            )
        except OSError as error:
            raise DoctorError(f"the doctor cannot be started ({error.strerror})") from error


def by_hand() -> str:
    """Return what to type to have all of it tried, where the assistant does not run meanwhile."""
    if asks.is_service():
        return f"sudo systemctl stop parley; {of_service('doctor')}; sudo systemctl start parley"
    return typed("doctor")


async def _talk(process: asyncio.subprocess.Process, told: bytes) -> bytes:
    """Give a process what it is to read, and return what it prints, which must not be too much. Raises DoctorError."""
    assert process.stdout is not None  # noqa: S101 - asked for
    giving = asyncio.create_task(_give(process, told))
    try:
        data = b""
        while piece := await process.stdout.read(65_536):
            data += piece
            if len(data) > LARGEST_BUNDLE:
                raise DoctorError(f"the bundle is larger than {LARGEST_BUNDLE // 2**20} MiB")
        return data
    finally:
        giving.cancel()


async def _give(process: asyncio.subprocess.Process, told: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - asked for
    with suppress(ConnectionError):  # it has read enough
        process.stdin.write(told)
        await process.stdin.drain()
    process.stdin.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process, if it has not ended. What it has started itself ends with it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.communicate()  # else its pipes would be left to the garbage collector
