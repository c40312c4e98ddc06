"""Sessions that talk at once, with sessions that answer as they are told."""

import math
import os

import pytest
from support.answering import Answering

from device.bench import engine_load
from device.bench.engine_load import cpu_s, load, questions
from device.bench.result import BenchError
from device.settings.tree import Settings

ONE, TWO = b"\1\0" * 1200, b"\2\0" * 1200
"""Questions of 50 ms."""


@pytest.fixture
def hold(monkeypatch):
    """Hold these sessions, which wait less for one another than people do."""
    monkeypatch.setattr(engine_load, "STAGGER_S", 0.01)
    monkeypatch.setattr(engine_load, "PAUSE_S", 0.01)

    async def held(*sessions):
        turn = iter(sessions)
        monkeypatch.setattr(engine_load, "session_with", lambda *_, **__: next(turn))
        return await load(Settings(), "ws://x/", os.getpid(), len(sessions), [ONE, TWO])

    return held


async def test_each_session_asks_all_questions_from_another_one_on(hold, monkeypatch):
    spent = iter((7.0, 7.5))
    monkeypatch.setattr(engine_load, "cpu_s", lambda pid: next(spent))
    first, second = Answering(), Answering()
    found = await hold(first, second)
    assert bytes(first.heard).replace(b"\0", b"") == b"\1" * 1200 + b"\2" * 1200
    assert bytes(second.heard).replace(b"\0", b"") == b"\2" * 1200 + b"\1" * 1200
    assert (found.sessions, len(found.answers_ms)) == (2, 4)
    # They answer after 60 ms of silence, and no machine is 5 s late.
    assert all(20 < answer < 5000 for answer in found.answers_ms)
    # Half a second of CPU for two sessions of at least two questions, each of 50 ms and 60 ms of silence.
    assert 0 < found.cpu_share < 0.5 / 2 / 0.22
    assert not first.open_now
    assert not second.open_now


async def test_an_answer_that_does_not_come_is_never(hold, monkeypatch):
    monkeypatch.setattr(engine_load, "TIMEOUT_S", 0.2)
    found = await hold(Answering(mute=True))
    assert found.answers_ms == [math.inf, math.inf]


async def test_a_session_that_fails_ends_the_bench(hold):
    session = Answering(faulty=True)
    with pytest.raises(BenchError, match="the engine is broken"):
        await hold(session, Answering())
    assert not session.open_now


def test_questions_end_with_their_last_sound():
    first, second = questions(2)
    assert first != second
    assert 2 * 24_000 // 2 < len(first) < 2 * 24_000 * 4
    assert (
        max(
            abs(int.from_bytes(first[n : n + 2], "little", signed=True)) for n in range(len(first) - 480, len(first), 2)
        )
        > 100
    )


def test_the_time_of_a_process_that_is_not():
    assert cpu_s(1) >= 0
    with pytest.raises(BenchError, match="has ended"):
        cpu_s(2**22 + 1)
