import asyncio
import math

import pytest

from device.bench import engine
from device.bench.engine_client import Cost
from device.bench.engine_load import Load
from device.bench.result import BenchError, Job
from device.settings.tree import LocalSettings, Settings


def test_ours_must_cost_half_of_the_sdk():
    good, bad = (
        engine.client_figures([Cost(10, one), Cost(11, one), Cost(50, one)], [Cost(22, 100)]) for one in (50, 51)
    )
    assert [figure.value for figure in good] == [11, 22, 0.5, 50, 100, 0.5]
    assert [figure.reached for figure in good] == [True] * 6
    assert [figure.reached for figure in bad] == [True] * 5 + [False]


def test_without_the_sdk_the_rest_is_told_and_nothing_is_reached(monkeypatch):
    def missing(*_):
        raise BenchError("the SDK to compare with is missing")

    monkeypatch.setattr(engine, "Flood", lambda seconds: Flooded())
    monkeypatch.setattr(engine, "cost_of_ours", lambda *_: Cost(1, 2))
    monkeypatch.setattr(engine, "cost_of_sdk", missing)
    ours, sdk, note = engine.clients(1.0, 2)
    assert (len(ours), sdk, note) == (2, [], "the SDK to compare with is missing")
    figures = engine.client_figures(ours, sdk)
    assert math.isnan(figures[2].value)
    assert not figures[2].reached


class Flooded:
    url = "http://127.0.0.1:1/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_answers_and_the_share_of_a_core():
    figures = engine.load_figures([Load(1, [500.0, 700.0], 0.2), Load(2, [600.0, float("inf")], 0.125)])
    assert [figure.name for figure in figures] == [
        "sessions in real time a core, by 2 at once",
        "end of speech → first audio, 1 session, 2 answers, median",
        "end of speech → first audio, 1 session, 2 answers, p95",
        "end of speech → first audio, 2 sessions, 2 answers, median",
        "end of speech → first audio, 2 sessions, 2 answers, p95",
    ]
    assert [figure.value for figure in figures] == [8.0, 600.0, pytest.approx(690.0), math.inf, math.inf]


def test_the_engine_answers_several_at_once(models):
    models("moonshine_tiny_en/encoder_model.ort")
    settings = Settings(local=LocalSettings(sessions=2))
    (one,) = asyncio.run(engine.loads_of(Job(settings=settings), [2], 1))
    assert one.sessions == 2
    assert len(one.answers_ms) == 2
    # So long would a person wait, on a machine that is busy with other tests.
    assert all(200 < answer < 15_000 for answer in one.answers_ms)
    assert 0 < one.cpu_share < 10
