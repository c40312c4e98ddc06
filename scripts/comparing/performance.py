"""One client after the other is taken through all that is planned."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from device.bench.soundserver import sound_server
from device.bench.stalls.keep import keep_sound
from device.bench.virtual_card import MODULES, RATE, Card
from scripts.comparing import figures, report
from scripts.comparing.clients import Kind, Peers, Process
from scripts.comparing.director import Director
from scripts.comparing.engine import Engine, hurry
from scripts.comparing.plan import Cast, Phase
from scripts.comparing.room import FRAGMENT_MS, LEAD_MS, Recording, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.simulation.timed_engine import Report

START_S: Final = 60.0
"""How long a client may take until it can be spoken to."""


class Performance:
    """All that is done to the clients; `keep` is a folder for recordings, `say` takes a line about what is going on."""

    def __init__(self, plan: Sequence[Phase], peers: Peers, keep: Path | None, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._peers = peers
        self._keep = keep
        self._say = say
        self._cast = Cast.load()

    def of(self, kind: Kind) -> report.Result:
        """Measure a client. Raises BenchError."""
        phases = []
        for number, phase in enumerate(self._plan):
            self._say(f"{kind.name}: {report.echo(phase.echo_db)}")
            phases.append(self._phase(kind, phase, number))
        return report.Result(kind, self._peers.version(kind), phases)

    def _phase(self, kind: Kind, phase: Phase, number: int) -> report.Measured:
        """Take a client through one phase: a process, an engine and a sound server of its own."""
        with ExitStack() as stack:
            folder = self._folder(kind, number) or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            environment = stack.enter_context(sound_server(MODULES))
            engine = stack.enter_context(Engine(self._cast.greeting, self._cast.reply))
            client = stack.enter_context(Process(kind, engine.url, folder, environment, self._peers))
            client.wait(START_S)
            card = stack.enter_context(Card(environment["PULSE_SERVER"], fragment_ms=FRAGMENT_MS, lead_ms=LEAD_MS))
            room = Room(card, echo_db=phase.echo_db)
            director = Director(room, client, engine, self._cast.questions)
            before: list[tuple[float, float]] = []
            script = director.phase(
                self._cast.trials(phase, number),
                phase.alone_s,
                lambda: before.append((time.monotonic(), client.usage().cpu_s)),
            )
            # In a thread that may be put before others; clients are started by this one, and must not inherit that.
            thread = stack.enter_context(ThreadPoolExecutor(1, initializer=hurry))
            recording = thread.submit(room.run, client.outliving(script)).result()
            ended, usage, seen = time.monotonic(), client.usage(), engine.report()
        began, spent = before[0]
        if recording.lost:
            self._say(f"  {1000 * recording.lost / RATE:.0f} ms of the microphone were lost: this machine is busy")
        if self._keep is not None:
            save(folder, recording, seen, director)
        evidence = figures.Evidence(recording, director.marks, seen)
        return report.Measured(
            phase.echo_db,
            figures.find(evidence, np.frombuffer(self._cast.reply, np.int16)),
            director.marks.failed,
            (usage.cpu_s - spent) / (ended - began),
            usage.memory_mb,
        )

    def _folder(self, kind: Kind, number: int) -> Path | None:
        if self._keep is None:
            return None
        folder = self._keep / f"{kind.name.replace(', ', '-').replace(' ', '-')}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def save(folder: Path, recording: Recording, seen: Report, director: Director) -> None:
    """Keep what the figures are made of."""
    keep_sound(recording.tracks, bytes(seen.audio), folder)
    told = {
        "clock": recording.clock.tolist(),
        "lost": recording.lost,
        "visits": recording.visits,
        "marks": director.marks,
        "notes": seen.notes,
        "heard": seen.heard,
    }
    (folder / "phase.json").write_bytes(msgspec.json.encode(told))
