import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from device.audio.card.board import Board
from device.audio.card.link import Close, Failed, Find, Found, Link, Open, Opened, Play, Presence, Report, Said, Write

pytestmark = pytest.mark.realtime

ROOT = Path(__file__).parents[3]
CARD = """
import logging

from device.audio.card.base import Card, CardError
from device.bench.metronome import Metronome


class Chatty(Metronome):
    def open(self, source, on_presence):
        super().open(source, on_presence)
        logging.getLogger("device.audio.card.chatty").warning("It %s.", "creaks")
        on_presence(False)


def missing(settings):
    raise CardError(f"there is no {settings.input}")


def broken(settings):
    return Broken(settings)


class Broken(Metronome):
    def open(self, source, on_presence):
        raise CardError("it is in use")
"""


@pytest.fixture
def serve(tmp_path):
    """Start the process and return the daemon's end of its link."""
    (tmp_path / "cards.py").write_text(CARD)
    ours, theirs = socket.socketpair()
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "device.audio.card.child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            env=environment,
        )
    link = Link(ours, Report)
    yield process, link
    link.close()
    assert process.wait(10) == 0


def files():
    return Board.make(48_000, 1)


def test_it_finds_opens_and_closes_a_card_and_says_what_happens(serve):
    process, link = serve
    link.send(Find("cards:Chatty", {}))
    assert link.receive(30) == Found("a metronome", 48_000)
    shared = files()
    link.send(Open(1, 0, 1.0), shared)
    assert link.receive(30) == Said("device.audio.card.chatty", logging.WARNING, "It creaks.")
    assert link.receive(30) == Presence(present=False, name="a metronome")
    assert link.receive(30) == Opened()
    board = Board(*shared, 48_000, 1)
    assert board.mic.position == 0, "it does not write before it may"
    link.send(Write())
    link.send(Play(1, bytes(96_000)))
    assert board.mic.cursor(0).read(4800, 10) is not None
    assert board.mic.wait(board.mic.position + 4800, 10)
    assert board.playing.get()[:2] == (1, 1)
    link.send(Close())
    assert process.wait(10) == 0
    with pytest.raises(EOFError):
        link.receive(10)


def test_a_card_that_is_not_there_is_told_of(serve):
    _, link = serve
    link.send(Find("cards:missing", {"input": "Jabra"}))
    assert link.receive(30) == Failed("there is no Jabra")


def test_a_card_that_cannot_be_opened_is_told_of(serve):
    _, link = serve
    link.send(Find("cards:broken", {}))
    assert isinstance(link.receive(30), Found)
    link.send(Open(1, 0, 1.0), files())
    assert link.receive(30) == Failed("it is in use")


def test_a_process_that_is_never_told_anything_ends_with_its_link(serve):
    process, link = serve
    link.close()
    assert process.wait(10) == 0


def test_every_thread_of_it_goes_before_other_programs_where_the_user_may(serve):
    process, link = serve
    link.send(Find("cards:Chatty", {}))
    link.receive(30)
    link.send(Open(1, 0, 1.0), files())
    while not isinstance(link.receive(30), Opened):
        pass
    policies = {}
    for thread in Path(f"/proc/{process.pid}/task").iterdir():
        policies[os.sched_getscheduler(int(thread.name))] = os.sched_getparam(int(thread.name)).sched_priority
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        assert set(policies) == {os.SCHED_OTHER}
    else:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        assert set(policies) == {os.SCHED_RR}
