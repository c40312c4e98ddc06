"""A server that is a program, started here and spoken to by its standard input and output, a message a line.

It gets none of our keys: the environment that it has is a short list, and what `variables` names. It is in a session of
its own, below us in every claim on the machine, and ended with all that it has started. What else it may do is what
the service's unit lets us do.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from device.mcp.limits import LONGEST, Flow
from device.mcp.messages import (
    HANDSHAKE,
    MODERN,
    McpError,
    Message,
    NonsenseError,
    SilentError,
    answer,
    notification,
    parse,
    request,
    result_of,
)
from device.mcp.patience import patience
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msgspec import Raw

    from device.settings.mcp import McpSettings

log = logging.getLogger(__name__)

INHERITED: Final = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TZ", "LANG", "LANGUAGE", "TMPDIR")
"""Variables that a program gets without being asked for; and LC_*. As the protocol's own kits have it, with the
language, the time zone and where to put what is temporary."""
END_S: Final = 1.0
"""How long a program may take to end once nobody speaks to it any more, and again once it is told to. A choice: the
service has five seconds to stop, for all of it."""
MOST_UNSENT: Final = 2**20
"""Bytes that may wait for a program that does not read."""
LINES: Final = 20
"""Lines of its standard error a minute that go to the log; a choice. Once a tool was called, words of the user may be
among them: then only whoever asks for debug messages sees them."""
LONGEST_LINE: Final = 300
"""Characters of such a line that do."""
NICE: Final = 5
"""A program of the house must not make the sound stutter: it waits behind us."""
EXPENDABLE: Final = 500
"""Its `oom_score_adj`: it goes before us when memory runs out, who are the service's -500."""


class StdioTransport:
    """The way to the server `name`, a program that the first request starts; `environ` is what we have ourselves."""

    def __init__(self, name: str, settings: McpSettings, environ: Mapping[str, str] = os.environ) -> None:
        self.revision = MODERN
        self.told: Callable[[Message], None] = lambda _: None
        self._name = name
        self._command = settings.command
        self._environ = environment(settings, environ)
        self._numbers = itertools.count(1)
        self._flow = Flow()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._progress: dict[int, Callable[[Message], None]] = {}
        self._called = False
        self._gone = asyncio.Event()
        self._why = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def begin(self) -> None:
        """Speak the newest revision that begins with `initialize`."""
        self.revision = HANDSHAKE[0]

    def agree(self, revision: str) -> None:
        """Note the revision that the server has agreed on in `initialize`."""
        self.revision = revision

    async def ask(
        self,
        method: str,
        params: dict[str, Any],
        *,
        timeout_s: float,
        headers: Mapping[str, str] = {},  # noqa: ARG002 - there are none here
        progress: Callable[[Message], None] | None = None,
    ) -> Raw:
        """As `Transport` has it."""
        await self._start()
        self._called |= method == "tools/call"
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with patience(timeout_s) as again:
                if progress is not None:
                    told = progress

                    def heard(message: Message) -> None:
                        again()
                        told(message)

                    self._progress[number] = heard
                await self._send(request(number, method, params, self.revision, progress=progress is not None))
                return result_of(await waiting)
        except TimeoutError:
            self._cancel(number)
            raise SilentError(timeout_s) from None
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        finally:
            self._waiting.pop(number, None)
            self._progress.pop(number, None)

    async def notify(self, method: str) -> None:
        """As `Transport` has it."""
        await self._send(notification(method))

    async def listen(self, *, stream: bool) -> None:  # noqa: ARG002 - there is but one
        """As `Transport` has it: until the program ends. Raises McpError, for then it is gone."""
        await self._gone.wait()
        raise McpError(self._why)

    async def close(self) -> None:
        """As `Transport` has it."""
        process, self._process = self._process, None
        self._fail("it was ended")
        if process is not None:
            await asyncio.shield(asyncio.create_task(self._close(process)))

    async def _close(self, process: asyncio.subprocess.Process) -> None:
        await _end(process)
        await asyncio.wait(self._tasks, timeout=END_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Whoever has left its session may still hold its pipes.
        process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else closes them

    async def _start(self) -> None:
        if self._gone.is_set():
            raise McpError(self._why)
        if self._process is not None:
            return
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environ,
                limit=LONGEST,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its command cannot be run"
            raise McpError(f"it cannot be started ({why}): check mcp.{self._name}.command") from None
        _restrain(process.pid)
        self._tasks = [asyncio.create_task(self._read(process)), asyncio.create_task(self._log(process))]

    async def _send(self, message: bytes) -> None:
        """Send a message. Raises McpError if the program is gone or does not read."""
        process = self._process
        if process is None or process.stdin is None or self._gone.is_set():
            raise McpError(self._why or "it does not run")
        if process.stdin.transport.get_write_buffer_size() > MOST_UNSENT:
            raise McpError("it does not read what it is asked")
        with suppress(ConnectionError):  # the reader knows why
            process.stdin.write(message + b"\n")
            await process.stdin.drain()

    def _cancel(self, number: int) -> None:
        """Say that an answer is no longer waited for, if that can be said without waiting."""
        process = self._process
        if process is None or process.stdin is None or self._gone.is_set():
            return
        if process.stdin.transport.get_write_buffer_size() == 0:
            process.stdin.write(notification("notifications/cancelled", {"requestId": number}) + b"\n")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Take what the program says, until it is over."""
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            while said := await process.stdout.readuntil(b"\n"):
                self._flow.take()
                await self._take(said.strip())
        except asyncio.IncompleteReadError:
            self._fail(await self._ended(process))
        except asyncio.LimitOverrunError:
            self._fail(f"it sends a message of more than {LONGEST} bytes")
        except McpError as error:
            self._fail(str(error))
        _kill(process.pid, signal.SIGKILL)
        while await process.stdout.read(65_536):  # what is left in the pipe would keep it open
            pass

    async def _ended(self, process: asyncio.subprocess.Process) -> str:
        """Return how a program ended that says no more."""
        key, how = f"mcp.{self._name}.command", "says no more"
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                status = await process.wait()
                how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"its program {how}: the log may say why, and {key} is what was run"

    async def _take(self, said: bytes) -> None:
        if not said:
            return
        try:
            message = parse(said)
        except NonsenseError:
            log.debug("mcp.%s: not a message: %s", self._name, line(said[:LONGEST_LINE].decode("utf-8", "replace")))
            return
        if message.method and message.id is not None:
            await self._send(answer(message))
        elif message.method == "notifications/progress":
            token = message.params.get("progressToken")
            if isinstance(token, int) and (heard := self._progress.get(token)) is not None:
                heard(message)
        elif message.method:
            self.told(message)
        elif isinstance(message.id, int) and (waiting := self._waiting.get(message.id)) and not waiting.done():
            waiting.set_result(message)

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        """Have the log show what the program says of itself, but not a flood of it, nor what it was asked."""
        assert process.stderr is not None  # noqa: S101 - asked for above
        loop = asyncio.get_running_loop()
        since, shown = loop.time(), 0
        rest = b""
        while piece := await process.stderr.read(65_536):
            if loop.time() - since > 60:
                since, shown = loop.time(), 0
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-4 * LONGEST_LINE :]
            level = logging.DEBUG if self._called else logging.INFO
            for one in filter(bytes.strip, lines):
                shown += 1
                if shown <= LINES:
                    text = one[: 4 * LONGEST_LINE].decode("utf-8", "replace")
                    log.log(level, "mcp.%s: %s", self._name, line(text)[:LONGEST_LINE])
                elif shown == LINES + 1:
                    log.log(level, "mcp.%s says more, which is left out for a minute.", self._name)

    def _fail(self, why: str) -> None:
        if self._gone.is_set():
            return
        self._why = why
        self._gone.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(McpError(why))


def environment(settings: McpSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server's program: none of our keys, but those that are named."""
    kept = {*INHERITED, *settings.variables}
    return {name: value for name, value in environ.items() if name in kept or name.startswith("LC_")}


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program: by closing its input, by a signal, by force; and then whatever it has left behind."""
    if process.stdin is not None:
        process.stdin.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
                break
        except TimeoutError:
            _kill(process.pid, number)
    _kill(process.pid, signal.SIGKILL)


def _kill(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _restrain(pid: int) -> None:
    """Put a program below us: later at the processor, the first to go for want of memory, and no real-time priority."""
    with suppress(OSError, ValueError):
        os.setpriority(os.PRIO_PROCESS, pid, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(OSError, ValueError):
        resource.prlimit(pid, resource.RLIMIT_RTPRIO, (0, 0))
    with suppress(OSError, ValueError):
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(EXPENDABLE))
