"""The card's own process: the sound card, and the playout that feeds it, where no other Python code is.

Of what the daemon does nothing can hold up the audio callback here: not its interpreter's lock, nor its collector of
garbage, nor a model that loads. What little runs beside the callback has real-time priority as well, where the user
may, a little lower: whoever holds the lock that the callback waits for is not kept from working by other programs.

It lives as long as the daemon: it ends when the daemon's end of the socket is closed, however that comes, and when the
daemon is stopped and gives no sign of life.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

from device.audio.card.base import CardError
from device.audio.card.board import Board
from device.audio.card.link import (
    Close,
    Failed,
    Find,
    Found,
    Link,
    Open,
    Opened,
    Order,
    Presence,
    Said,
    Write,
)
from device.audio.card.published import Published
from device.system.memory import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Card

log = logging.getLogger(__name__)

PRIORITY = 4
"""Of all its threads, 1 to 99, but the callback's: that has one more (`stream.PRIORITY`)."""
LOOK_S = 0.5
"""How often it looks whether the daemon is alive."""
DEAD_AFTER = 6
"""Looks without a sign of life after which the daemon counts as stopped: 3 s. A daemon that loads models is silent for
some tenths of a second; one that is stopped must not go on talking for long."""
SWITCH_S = 0.0005
"""How long a thread may keep Python's lock if another wants it: a tenth of what it is by default, since the callback
may be the other."""


class Process:
    """What it does for the daemon at the other end of `link`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._wanted: Open | None = None
        self._opening, self._closing = threading.Event(), threading.Event()
        self._board: Board | None = None
        self._published: Published | None = None

    def run(self, find: Find) -> None:
        """Find a card and serve until it is to be closed."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        try:
            card = _maker(find.maker)(SimpleNamespace(**find.settings))
            self._link.send(Found(card.name, card.rate))
            self._opening.wait()
            self._open(card)
        except CardError as error:
            self._link.send(Failed(str(error)))
            self._closing.wait()  # or for the end of the daemon's end
            return
        self._link.send(Opened())
        self._stay()
        card.close()

    def _open(self, card: Card) -> None:
        wanted = self._wanted
        assert wanted is not None  # noqa: S101 - it was waited for
        memory, mic_bell, reference_bell = self._link.files
        self._board = board = Board(memory, mic_bell, reference_bell, card.rate, wanted.seconds)
        card.mic, card.reference, card.gaps = board.mic, board.reference, board.gaps
        self._published = Published(card, board, prebuffer_ms=wanted.prebuffer_ms, volume=wanted.volume)
        settle()
        card.open(self._published, lambda present: self._link.send(Presence(present, card.name)))

    def _stay(self) -> None:
        """Wait until the card is to be closed; end at once if the daemon is not there any more."""
        assert self._board is not None  # noqa: S101 - it is open
        beat, silent = self._board.beat, 0
        while not self._closing.wait(LOOK_S):
            self._board.forget()
            silent = silent + 1 if self._board.beat == beat else 0
            beat = self._board.beat
            if silent >= DEAD_AFTER:
                os._exit(1)

    def _listen(self) -> None:
        """Take orders until there is nobody who gives them; then it is over, whatever the other threads wait for."""
        try:
            while True:
                self._obey(self._link.receive())
        except EOFError:
            os._exit(0)
        except Exception:
            log.exception("The card's process ends.")  # it is started anew
            os._exit(1)

    def _obey(self, order: Order) -> None:
        match order:
            case Open():
                self._wanted = order
                self._opening.set()
            case Write() if self._board is not None:
                self._board.writes = True
            case Close():
                self._closing.set()
            case _ if self._published is not None:
                self._published.obey(order)


def _maker(name: str) -> Callable[[SimpleNamespace], Card]:
    module, _, attribute = name.partition(":")
    maker: Callable[[SimpleNamespace], Card] = getattr(importlib.import_module(module), attribute)
    return maker


class _Forward(logging.Handler):
    """Takes the log to the daemon, whose it is."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line."""
        self._link.send(Said(record.name, record.levelno, self.format(record)))


def main(end: int) -> None:
    """Serve the daemon at the other end of the socket `end` for as long as it is there."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    sys.setswitchinterval(SWITCH_S)
    link = Link(socket.socket(fileno=end), Order)
    logging.basicConfig(level=logging.INFO, handlers=[_Forward(link)], format="%(message)s")
    with contextlib.suppress(EOFError):
        Process(link).run(link.receive())
    os._exit(0)  # PortAudio may hang
