"""What is left by a canceller is judged where it belongs, and told in a table."""

import sys
from pathlib import Path

import numpy as np
import pytest

from device.bench.echo.cards import Taped
from device.bench.echo.rooms import Place, build
from scripts.cancellers import others, table
from scripts.cancellers.table import CARDS, Recordings, lateness, markdown, other, ours, row

RATE = 16_000
NOISE = np.random.default_rng(0).standard_normal(RATE * 2).astype(np.float32) * 0.1


@pytest.fixture(scope="module")
def recordings():
    room = build(Place(), [NOISE], [NOISE[:RATE]])
    n = 10 * RATE
    echo = np.resize(NOISE, n)
    pcm = (echo * 32768).astype(np.int16)
    taped = Taped(pcm, pcm, echo, np.zeros(n // 160, np.bool_), [7 * RATE])
    return Recordings([room], {name: [taped] for name in CARDS})


def perfect(recordings, late=0):
    """Return what is left if nothing is left of the echo, `late` samples late."""
    visitors = [(one.visitor * 32768).astype(np.int16) for one in recordings.rooms]
    left = [*visitors, *visitors, *(one.heard * 0 for some in recordings.cards.values() for one in some)]
    return [np.concatenate((np.zeros(late, np.int16), one[: len(one) - late])) for one in left]


def test_a_late_output_is_judged_where_it_belongs(recordings):
    assert lateness(recordings.rooms, perfect(recordings, 96)[1:2]) == 96
    found = row("perfect", recordings, perfect(recordings, 96), 4.2)
    assert found.sdr > 40
    assert found.late_erle > 60
    assert max(found.convergence, found.stall, *found.jump) < 0.5
    assert found.cpu == pytest.approx(4.2 / (2 * 32 + 10 * len(CARDS)))


def test_a_visitor_is_held_against_what_the_canceller_makes_of_one_who_is_alone(recordings):
    left = [-one for one in perfect(recordings)]
    assert row("another phase", recordings, left, 0.0).sdr > 40
    eaten = [left[0] // 10, *left[1:]]
    assert row("eats the visitor", recordings, eaten, 0.0).sdr < 2


def test_one_that_does_nothing_never_finds_the_echo(recordings):
    found = row("nothing", recordings, [one.heard for one in recordings.all], 0.0)
    assert found.erle == pytest.approx(0, abs=0.1)
    assert np.isinf([found.convergence, found.stall, *found.jump]).all()
    _, _, line = markdown([found]).splitlines()
    assert line.startswith("| nothing | 0.0 dB |")
    assert line.count("never") == 6
    assert line.count("|") == len(table.COLUMNS) + 1


def test_ours_is_run_as_the_bench_runs_it(recordings):
    found = ours(recordings)
    assert found.erle > 15
    assert 0 < found.cpu < 1


def test_another_is_run_in_its_environment(recordings, monkeypatch, tmp_path):
    script = tmp_path / "others.py"
    script.write_text(Path(others.__file__).read_text("utf-8").replace("CANCELLERS: ", "FORMER: ").replace(
        "def main", "CANCELLERS = {'same': lambda: lambda heard, played: heard.tobytes()}\n\n\ndef main"
    ))  # fmt: skip
    monkeypatch.setattr(others, "__file__", str(script))
    found = other("same", Path(sys.executable), recordings)
    assert found is not None
    assert found.name == "same"
    assert found.erle == pytest.approx(0, abs=0.1)


def test_one_that_cannot_be_had_has_no_row(recordings, monkeypatch, tmp_path):
    script = tmp_path / "others.py"
    script.write_text(f"import sys; sys.exit({others.LACKING})")
    monkeypatch.setattr(others, "__file__", str(script))
    assert other("none", Path(sys.executable), recordings) is None
