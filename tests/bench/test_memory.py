"""Whose memory is looked at, and when."""

import contextlib
from types import SimpleNamespace

import pytest
from support.answering import Answering

from device.audio.card.base import RING_SECONDS
from device.bench import memory
from device.bench.result import BenchError, Job
from device.settings.tree import LocalSettings, Settings


class Assistant:
    pid = 7
    card_pid = 9

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def listens_after(self):
        return 1.0

    def press(self):
        pass


class Engine:
    """The local engine, in this process; one that is named by a URL has no process of ours."""

    def __init__(self, settings, _config, *, reuse):
        assert not reuse, "what others asked of it is not to be measured"
        self.pid = None if settings.url else 8

    async def url(self):
        return "ws://127.0.0.1:1/"

    async def close(self):
        pass


@pytest.fixture
def machine(monkeypatch):
    """A machine on which time costs nothing; return what was waited for and looked at."""
    did = []
    sizes = {7: iter((110.0, 120.0)), 8: iter((300.0, 340.0)), 9: iter((40.0, 41.0))}

    @contextlib.contextmanager
    def card():
        yield "a card of ours", None

    def resident_mb(pid):
        did.append(pid)
        return next(sizes[pid])

    session = Answering()
    monkeypatch.setattr(memory, "card", card)
    monkeypatch.setattr(memory, "Assistant", Assistant)
    monkeypatch.setattr(memory, "LocalProcess", Engine)
    monkeypatch.setattr(memory, "resident_mb", resident_mb)
    monkeypatch.setattr(memory, "session_with", lambda *_, **__: session)
    monkeypatch.setattr(memory, "time", SimpleNamespace(sleep=lambda seconds: did.append(f"{seconds:g} s")))
    return did, session


def test_the_daemon_is_looked_at_asleep_and_the_engine_before_and_after_an_answer(machine):
    did, session = machine
    result = memory.measure(Job(settings=Settings()))
    assert [figure.value for figure in result.figures] == [150, 40, 161, 300, 340]
    assert result.reached
    assert result.notes == ("a card of ours",)
    # The ring is full by then, and the conversation over.
    settle, awake = RING_SECONDS + 10, Settings().listen.follow_up_s + 6
    assert did == [f"{settle:g} s", 7, 9, f"{awake:g} s", 7, 9, 8, 8]
    assert session.heard, "a question was asked"
    assert not session.open_now


def test_an_engine_elsewhere_cannot_be_looked_at(machine):
    with pytest.raises(BenchError, match=r"local\.url names an engine elsewhere"):
        memory.measure(Job(settings=Settings(local=LocalSettings(url="ws://elsewhere/")), quick=True))


def test_an_engine_that_fails_says_why(machine, monkeypatch):
    monkeypatch.setattr(memory, "session_with", lambda *_, **__: Answering(faulty=True))
    with pytest.raises(BenchError, match="the engine is broken"):
        memory.measure(Job(settings=Settings(), quick=True))


def test_an_engine_that_does_not_answer_is_not_waited_for_for_ever(machine, monkeypatch):
    monkeypatch.setattr(memory, "session_with", lambda *_, **__: Answering(mute=True))
    monkeypatch.setattr(memory, "ANSWER_S", 0.1)
    with pytest.raises(BenchError, match=r"did not answer within 0\.1 s"):
        memory.measure(Job(settings=Settings(), quick=True))
