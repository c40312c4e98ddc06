"""Has something done by a process of its own, which is given what it needs at its standard input and then is gone.

So the daemon keeps none of the memory that it takes; and what is secret stands in no command line and no environment.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MOST_TOLD: Final = 2_000
"""Characters of what a process says of its failure that are passed on: a choice, more than a paragraph."""


class HelperError(Exception):
    """It was not done; says why, as the process did."""


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this Python."""
    return [sys.executable, "-P", "-m", name, *arguments]


async def ask(command: list[str], given: bytes, *, timeout_s: float) -> bytes:
    """Return what a process says at its standard output, once it has ended well. Raises HelperError."""
    return await _ended(command, lambda process: process.communicate(given), timeout_s, stdin=asyncio.subprocess.PIPE)


async def follow(command: list[str], take: Callable[[bytes], None], *, timeout_s: float) -> None:
    """Hand on each line that a process prints, until it has ended well. Raises HelperError."""

    async def listen(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - asked for
        told, _ = await asyncio.gather(process.stderr.read(), _lines(process.stdout, take))
        await process.wait()
        return b"", told

    await _ended(command, listen, timeout_s, stdin=asyncio.subprocess.DEVNULL)


async def _ended(
    command: list[str],
    talk: Callable[[asyncio.subprocess.Process], Awaitable[tuple[bytes, bytes]]],
    timeout_s: float,
    *,
    stdin: int,
) -> bytes:
    """Return the output of a process that has ended well; `talk` returns that and its errors. Raises HelperError."""
    process = None
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(timeout_s):
            out, told = await talk(process)
    except TimeoutError:
        raise HelperError("it takes too long") from None
    except OSError as error:
        raise HelperError(str(error)) from None
    finally:
        if process is not None and process.returncode is None:
            process.kill()
            await process.communicate()  # else it and its pipes would be left to the garbage collector
    if process.returncode:
        raise HelperError(_why(told))
    return out


async def _lines(out: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
    async for line in out:
        take(line)


def _why(told: bytes) -> str:
    return told.decode(errors="replace").strip()[-MOST_TOLD:]
