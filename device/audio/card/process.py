"""A sound card in a process of its own, so that its callback is not late because Python is.

In process the callback waits for the interpreter's lock, though its thread has real-time priority: for the collector of
garbage, for a model that loads, for a thread of ordinary priority that has the lock while other programs have the
processor. `parley bench callback` shows how long. So the card and the playout are in a process that does nothing else
(`serve.py`); what it hears and plays are rings in memory that both have (`board.py`).

That process is watched. If it dies or hangs it is started anew, and until the card is back silence takes its place, as
if it had been unplugged.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

from device.audio.card.base import BLOCK_MS, RING_SECONDS, Card, CardError, Source, ignore
from device.audio.card.board import Board
from device.audio.card.link import Close, Failed, Find, Found, Link, Open, Opened, Presence, Report, Said, Write
from device.audio.card.remote_playout import RemotePlayout
from device.audio.card.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.settings.tree import CardSettings

log = logging.getLogger(__name__)

ALSA = "device.audio.card.alsa:AlsaCard"
"""What is opened there when nothing else is named."""
BEAT_S = 0.5
"""How often the process is shown that the daemon is alive, and looked at."""
HUNG_AFTER = 6
"""Looks in a row at a clock that stands still after which the process counts as hung: 3 s. A card that stands still is
stood in for there within 0.3 s; a process that shares a busy machine may be late by tenths."""
CLOSE_S = 4.0
"""How long `close` waits: longer than the card there does for PortAudio (`alsa.CLOSE_S`)."""


STEADY_S = 10.0
"""A process that ends sooner than this after its start would only do so again: then one waits as `Retry` has it."""
END_S = 1.0
"""How long a process may take to end once its link is closed, which takes it no time, before it is killed."""

Expected = TypeVar("Expected", Found, Opened)


class ProcessCard(Card):
    """The card of the settings, in a process of its own; of `maker`, `module:name`, another one than ALSA's.

    Raises CardError that says what there is, as soon as it is made.
    """

    def __init__(self, settings: CardSettings, *, maker: str = ALSA, ring_seconds: float = RING_SECONDS) -> None:
        self._find = Find(maker, msgspec.to_builtins(settings))
        self._child, found = _start(self._find)
        self._name = found.name
        # The card comes back at the rate it left with or not at all: the rings have one rate for life.
        self._find = Find(maker, {**self._find.settings, "rate": found.rate})
        self._seconds = ring_seconds
        self._files = Board.make(found.rate, ring_seconds)
        self._board = Board(*self._files, found.rate, ring_seconds)
        super().__init__(found.rate, ring_seconds=BLOCK_MS / 1000)
        self.mic, self.reference, self.gaps = self._board.mic, self._board.reference, self._board.gaps
        self._present = False
        self._closing = threading.Event()
        self._retry = Retry(time.monotonic())
        self._keeper: threading.Thread | None = None

    @property
    def name(self) -> str:
        """What it is called there."""
        return self._name

    @property
    def present(self) -> bool:
        """True while sound comes from the card and goes to it."""
        return self._present

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.process.pid

    @property
    def output_latency(self) -> int:
        """Frames between the callback and the loudspeaker."""
        return self._board.output_latency

    @output_latency.setter
    def output_latency(self, frames: int) -> None:
        self._board.output_latency = frames

    @property
    def deaf(self) -> bool:
        """While it is set, silence is taken from the microphone, there already."""
        return self._board.deaf

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._board.deaf = deaf

    def playout(self, *, prebuffer_ms: int, volume: float) -> RemotePlayout:
        """Return a new playout for this card, which feeds it from where it is."""
        return RemotePlayout(self._board, prebuffer_ms=prebuffer_ms, volume=volume)

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        """Start the stream, taking sound from `source`, its own `playout`. Raises CardError."""
        if not isinstance(source, RemotePlayout):
            raise TypeError(f"the card's process plays what its own playout has, not {source}")
        self._source, self.on_presence = source, on_presence
        self._closing.clear()
        self._await_opened(self._child, source)
        self._hand_over(self._child, source)
        self._keeper = threading.Thread(target=self._keep, args=(source,), name="card keeper", daemon=True)
        self._keeper.start()

    def close(self) -> None:
        """Stop the stream and the process; harmless when repeated."""
        self._closing.set()
        self._child.link.send(Close())
        if self._keeper is not None:
            self._keeper.join(CLOSE_S)
            self._keeper = None
        self._child.end()
        self._present = False

    def _keep(self, source: RemotePlayout) -> None:
        """Listen to the process and show it that the daemon lives, until the card is closed; replace it if it dies."""
        seen, still = -1, 0
        while True:
            self._board.beat += 1
            try:
                report = self._child.link.receive(BEAT_S)
            except EOFError:
                if self._closing.is_set() or not self._replace(source):
                    return
                seen, still = -1, 0
                continue
            if report is not None:
                self._take(report)
                continue
            self.xruns.overruns, self.xruns.underruns = self._board.xruns
            still = still + 1 if self.mic.position == seen else 0
            seen = self.mic.position
            if still >= HUNG_AFTER:
                self._child.process.kill()

    def _take(self, report: Report) -> None:
        match report:
            case Presence(present, name):
                self._present, self._name = present, name
                self.on_presence(present)
            case Said():
                _log(report)

    def _replace(self, source: RemotePlayout) -> bool:
        """Start another process, with silence in the place of sound until its card is open; False if it is closed."""
        self._child.end()
        if time.monotonic() - self._child.began > STEADY_S:
            self._retry = Retry(time.monotonic())
        log.warning("%s: its process has %s and is started anew.", self.name, _fate(self._child.process.returncode))
        self._present = False
        source.detach()
        self._board.writes = True
        started: list[_Child] = []
        starter = threading.Thread(target=self._restart, args=(source, started), name="card starter", daemon=True)
        starter.start()
        self.on_presence(False)  # noqa: FBT003 - what a card calls
        due, silence = time.monotonic(), np.zeros(self.block, np.int16)
        while not started:
            source.render(self._out, self.mic.position)
            # It is known to be missing, and not taken for somebody's having finished.
            self.gaps.add(self.mic.position, self.mic.position + self.block)
            self.reference.write(silence)
            self.mic.write(silence)
            due += BLOCK_MS / 1000
            if self._closing.wait(max(0.0, due - time.monotonic())):
                return False
        self._board.writes = False
        self._child = started[0]
        self._hand_over(self._child, source)
        self.on_presence(True)  # noqa: FBT003 - the same
        log.info("%s is back", self.name)
        return True

    def _restart(self, source: RemotePlayout, started: list[_Child]) -> None:
        """Try until a process has opened the card, which is then `started`, or the card is closed."""
        said, retry = "", self._retry
        while not self._closing.is_set():
            if not retry.due(time.monotonic()):
                self._closing.wait(BEAT_S)
                continue
            try:
                child, found = _start(self._find)
                self._name = found.name
                self._await_opened(child, source)
            except CardError as error:
                if str(error) != said:
                    said = str(error)
                    log.info("Waiting for the card: %s", said)
                continue
            if self._closing.is_set():
                child.end()
            else:
                started.append(child)
            return

    def _await_opened(self, child: _Child, source: RemotePlayout) -> None:
        """Have the card opened. Raises CardError."""
        child.link.send(Open(self._seconds, source.prebuffer_ms, source.volume), self._files)
        child.expect(Opened)

    def _hand_over(self, child: _Child, source: RemotePlayout) -> None:
        """Let the process have the rings and the playout."""
        child.link.send(Write())
        source.attach(child.link.send)
        self._present = True


class _Child:
    """A process that has been started, and the link to it."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-m", "device.audio.card.child", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                # The service manager listens to the daemon only.
                env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
            )
        self.link = Link(ours, Report)

    def expect(self, kind: type[Expected]) -> Expected:
        """Wait for a report of this kind. Raises CardError if another comes first, and ends the process then."""
        try:
            while not isinstance(report := self.link.receive(), (kind, Failed)):
                _log(report)
        except EOFError:
            self.end()
            raise CardError(f"the sound card's process has {_fate(self.process.returncode)}") from None
        if isinstance(report, Failed):
            self.end()
            raise CardError(report.message)
        return report

    def end(self) -> None:
        """Close the link, with which the process ends, or see to it; harmless when repeated."""
        self.link.close()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _start(find: Find) -> tuple[_Child, Found]:
    """Start a process and have it find a card. Raises CardError."""
    child = _Child()
    child.link.send(find)
    return child, child.expect(Found)


def _log(said: Said) -> None:
    logging.getLogger(said.logger).log(said.level, "%s", said.text)


def _fate(status: int) -> str:
    """Say how a process ended."""
    return f"been killed by signal {-status}" if status < 0 else f"ended with status {status}"
