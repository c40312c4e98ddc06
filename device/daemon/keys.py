"""The button without a button: keys on a terminal, and signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO


ENDS = ("q", "quit", "exit", "bye", ":q")
"""What people type to be rid of a program."""


@contextlib.contextmanager
def keys(
    press: Callable[[], None],
    mute: Callable[[], None],
    terminal: TextIO | None,
    end: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Let Enter on the terminal, and SIGUSR1, `press` the button; m and Enter, and SIGUSR2, `mute` or unmute.

    Who types one of `ENDS` wants it to `end`. `terminal` is not read if it is none. To be entered on the event loop.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, press)
    loop.add_signal_handler(signal.SIGUSR2, mute)
    if terminal is None or not terminal.isatty():
        yield
        return

    def key() -> None:
        line = terminal.readline()
        match line.strip().lower():
            case "m" | "mute" | "unmute":
                mute()
            case word if word in ENDS:
                end()
            case _ if line:
                press()
            case _:
                loop.remove_reader(terminal)

    loop.add_reader(terminal, key)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
