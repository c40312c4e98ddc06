"""`parley run` as a process, on the sound card that there is, or on a sound server where there is none."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from device.audio.card.devices import list_devices
from device.bench.result import BenchError
from device.bench.soundserver import sound_server

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENING = "Listening on "
"""What `parley run` prints once it listens."""
CARD = "device.audio.card.child"
"""What the card's process runs."""
TIMEOUT_S = 60.0
"""For it to listen: a choice, many times what `parley bench start` allows."""


@contextlib.contextmanager
def card() -> Iterator[tuple[str, dict[str, str] | None]]:
    """Make sure that there is a sound card during a block; yield what it is, and the environment to be used.

    Raises BenchError if there is none, and none can be made.
    """
    if list_devices():
        yield "this machine's sound card", None
    else:
        with sound_server() as environment:
            yield "no sound card here: a PulseAudio server stands in for it", environment


class Assistant:
    """The process, as a context manager."""

    def __init__(self, config: Path | None, environment: dict[str, str] | None, *interpreter: str) -> None:
        options = ["--config", str(config)] if config else []
        # A file: into a pipe that nobody reads, no more goes than 64 kB, and then it waits for ever.
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by `end`
        self._began = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", *interpreter, "-m", "device", "run", *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def listens_after(self) -> float:
        """Wait until it listens; return how many seconds that took since the process began. Raises BenchError."""
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        # Not by its lines: of several that come at once, all but the first would wait in a buffer for another.
        output, said = self._process.stdout.fileno(), b""
        with selectors.DefaultSelector() as ready:
            ready.register(output, selectors.EVENT_READ)
            while ready.select(max(0.0, self._began + TIMEOUT_S - time.monotonic())):
                news = os.read(output, 65_536)
                said += news
                if f"\n{LISTENING}".encode() in b"\n" + said:
                    return time.monotonic() - self._began
                if not news:
                    break
        raise BenchError(f"the assistant does not listen: {self.end() or 'it said nothing'}")

    @property
    def card_pid(self) -> int:
        """The process of its sound card. Raises BenchError if it has none."""
        for children in Path(f"/proc/{self.pid}/task").glob("*/children"):
            for child in children.read_text("ascii").split():
                if CARD in Path(f"/proc/{child}/cmdline").read_text("utf-8").split("\0"):
                    return int(child)
        raise BenchError("the assistant has no process for its sound card")

    def press(self) -> None:
        """Press the button."""
        self._process.send_signal(signal.SIGUSR1)

    def end(self) -> str:
        """End the process as Ctrl-C does; return what it wrote to stderr."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        if self._said.closed:
            return ""
        with self._said:
            self._said.seek(0)
            return self._said.read().strip()
