"""The clients: how each is started, woken and ended, and what it costs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from msgspec import Struct

from device.bench.assistant import LISTENING
from device.bench.result import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PEERS: Final = Path(__file__).parent / "peers"
END_S: Final = 5.0
"""How long a client may take to end before it is killed."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")

_SETTINGS: Final = """
engines = "openai"

[engine.openai]
url = "{url}"

[playout]
volume = 1.0
"""
"""Parley's: everything as it is by default, but as loud as the others."""


class Kind(Struct, frozen=True):
    """A client that can be compared."""

    name: str
    what: str
    module: str = ""
    """Of the peers: what is run with their Python; empty: Parley."""
    arguments: tuple[str, ...] = ()
    package: str = "parley"


KINDS: Final = (
    Kind("Parley", "`parley run`, default settings"),
    Kind(
        "pipecat",
        "LocalAudioTransport and OpenAIRealtimeLLMService, set up as in its example realtime-openai.py",
        module="pipecat_local.py",
        package="pipecat-ai",
    ),
    Kind(
        "openai-agents",
        "RealtimeRunner with the audio loop, settings and playback tracker of its example realtime/cli, "
        "microphone always open",
        module="agents_local.py",
        arguments=("{peers}/demo.py",),
        package="openai-agents",
    ),
    Kind(
        "openai-agents, RMS gate",
        "its example realtime/cli as it is: over a reply, the microphone is sent only when louder than an RMS gate",
        module="agents_local.py",
        arguments=("{peers}/demo.py", "--gate"),
        package="openai-agents",
    ),
)


class Usage(Struct, frozen=True):
    """What a process has taken so far."""

    cpu_s: float
    memory_mb: float


class Peers:
    """The other clients as `scripts/compare` has set them up: a virtual environment, and an example, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "venv/bin/python"
        if not self.python.exists():
            raise BenchError(f"{self.python} is missing: run scripts/compare, which makes it")

    def version(self, kind: Kind) -> str:
        """Return the version of a client's package."""
        if not kind.module:
            return metadata.version(kind.package)
        code = f"import importlib.metadata as m; print(m.version({kind.package!r}))"
        done = subprocess.run([str(self.python), "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
        return done.stdout.strip()


class Process:
    """A client at work, as a context manager."""

    def __init__(self, kind: Kind, url: str, folder: Path, environment: Mapping[str, str], peers: Peers) -> None:
        self._kind = kind
        if kind.module:
            arguments = [argument.format(peers=peers.folder) for argument in kind.arguments]
            command = [str(peers.python), str(_PEERS / kind.module), url, *arguments]
        else:
            settings = folder / "parley.toml"
            settings.write_text(_SETTINGS.format(url=url))
            command = [sys.executable, "-m", "device", "run", "--config", str(settings)]
        self._path = folder / "client.log"
        self._log = self._path.open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env={**environment, "OPENAI_API_KEY": "none", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> None:
        """Wait until it can be spoken to. Raises BenchError."""
        end = time.monotonic() + seconds
        while not self._kind.module and LISTENING not in self.said():
            if not self.alive or time.monotonic() > end:
                raise BenchError(f"{self._kind.name} does not listen: {self.said()[-1000:]}")
            time.sleep(0.05)

    def outliving(self, script: Iterable[None]) -> Iterator[None]:
        """Go through `script` as long as it is running. Raises BenchError if it ends before."""
        for _ in script:
            if not self.alive:
                raise BenchError(f"{self._kind.name} ended: {self.said()[-1000:]}")
            yield

    def said(self) -> str:
        """Return what it has printed."""
        return self._path.read_text("utf-8", "replace")

    def wake(self) -> None:
        """Press its button, if it has one."""
        if not self._kind.module and self.alive:
            self._process.send_signal(signal.SIGUSR1)

    def usage(self) -> Usage:
        """Return what it and its own processes have taken so far; nothing of one that has ended."""
        usages = [_usage(pid) for pid in (self._process.pid, *_children(self._process.pid))]
        return Usage(sum(one.cpu_s for one in usages), sum(one.memory_mb for one in usages))


def _usage(pid: int) -> Usage:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # User and system time, and resident pages: 14, 15 and 24 of proc(5), of which 1 and 2 are cut off.
        return Usage((int(fields[11]) + int(fields[12])) / _TICKS, int(fields[21]) * _PAGE / 1e6)
    except OSError:
        return Usage(0.0, 0.0)


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
    except OSError:
        return []
