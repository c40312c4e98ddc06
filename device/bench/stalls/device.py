"""`parley run` as its owner starts it, in a way that it can be watched and stopped for moments."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
from msgspec import Struct

from device.bench.result import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMMAND: Final = (sys.executable, "-P", "-m", "device", "run")
LISTENING: Final = "Listening on "
"""What `parley run` prints once it listens."""
START_S: Final = 60.0
"""How long that may take: a choice, many times what `parley bench start` allows."""
END_S: Final = 10.0
"""How long it may take to end before it is killed."""
SETTINGS: Final = """
engines = "openai"
models_dir = {models}

[engine.openai]
url = "{url}"

[listen]
follow_up_s = 30
"""
"""Everything as it is by default, but that it does not sleep between replies."""


class Line(Struct, frozen=True):
    """What it wrote, and when that was read, by `time.monotonic`."""

    at: float
    what: str


class Entry(Struct, frozen=True):
    """A line of its ledger, likewise."""

    at: float
    event: str
    fields: dict[str, Any]


class Device:
    """The process, as a context manager; `folder` is for its files."""

    def __init__(self, folder: Path, environment: Mapping[str, str], url: str, models_dir: str) -> None:
        settings = folder / "parley.toml"
        settings.write_text(SETTINGS.format(url=url, models=msgspec.json.encode(models_dir).decode()))
        self._ledger = folder / "ledger.jsonl"
        self._unread = b""
        self._place = 0
        self.entries: list[Entry] = []
        """Of the ledger, as far as `read` has got."""
        self.log: list[Line] = []
        """What it wrote to stderr."""
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [*COMMAND, "--config", str(settings), "--out", str(folder)],
                env={**environment, "OPENAI_API_KEY": "none", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        cont(self._process.pid)
        self._process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._process.kill()
        self._process.wait()
        self._reader.join(END_S)

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self._process.poll() is None

    @property
    def state(self) -> str:
        """Whose turn it is, as the ledger said last."""
        return next((str(entry.fields["state"]) for entry in reversed(self.entries) if entry.event == "state"), "")

    def wait(self) -> float:
        """Wait until it listens; return when that was. Raises BenchError."""
        end = time.monotonic() + START_S
        while LISTENING not in self._output.read_text("utf-8", "replace"):
            if not self.alive or time.monotonic() > end:
                raise BenchError(f"the assistant does not listen: {self.said() or 'it said nothing'}")
            time.sleep(0.02)
        return time.monotonic()

    def press(self) -> None:
        """Press its button."""
        self._process.send_signal(signal.SIGUSR1)

    def read(self) -> None:
        """Read what is new in the ledger."""
        with contextlib.suppress(FileNotFoundError), self._ledger.open("rb") as file:
            file.seek(self._place)
            news = file.read()
            self._place += len(news)
            *lines, self._unread = (self._unread + news).split(b"\n")
            now = time.monotonic()
            for line in lines:
                fields = msgspec.json.decode(line)
                self.entries.append(Entry(now, str(fields.pop("event")), fields))

    def said(self) -> str:
        """Return what it wrote to stderr."""
        return "\n".join(line.what for line in self.log)

    def _listen(self) -> None:
        for line in self._process.stderr or ():
            self.log.append(Line(time.monotonic(), line.rstrip()))


def stop(pids: Iterable[int], ms: float) -> tuple[float, float]:
    """Stop processes, and what they have started, for so long; return when they stood and went on."""
    everyone = [one for pid in pids for one in family(pid)]
    for pid in everyone:
        _signal(pid, signal.SIGSTOP)
    began = time.monotonic()
    time.sleep(ms / 1000)
    for pid in reversed(everyone):
        _signal(pid, signal.SIGCONT)
    return began, time.monotonic()


def cont(pid: int) -> None:
    """Have a process and what it has started go on."""
    for one in family(pid):
        _signal(one, signal.SIGCONT)


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, and so on."""
    children: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = int(file.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(file.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
