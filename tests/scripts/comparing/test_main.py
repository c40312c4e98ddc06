"""The command line of the comparison."""

import json

import numpy as np
import pytest

from device.bench.result import BenchError
from scripts.comparing import __main__ as command
from scripts.comparing.clients import KINDS
from scripts.comparing.figures import Findings
from scripts.comparing.plan import FULL, QUICK
from scripts.comparing.report import Measured, Result


@pytest.fixture
def compared(monkeypatch):
    """Compare nobody in truth; return what was asked for."""
    asked = []

    class Performance:
        def __init__(self, plan, peers, keep, say):
            self.plan = plan

        def of(self, kind):
            asked.append((kind.name, self.plan))
            return Result(kind, "1.0", [Measured(-np.inf, Findings(yielded=[True]), 0, 0.1, 100.0)])

    monkeypatch.setattr(command, "Peers", lambda folder: None)
    monkeypatch.setattr(command, "Performance", Performance)
    return asked


def call(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["compare", "--peers", "/nonexistent", *arguments])
    return command.main()


def test_all_clients_are_compared_and_the_table_is_printed_and_written(compared, monkeypatch, tmp_path, capsys):
    assert call(monkeypatch, "--out", str(tmp_path / "table.md")) == 0
    assert compared == [(kind.name, FULL) for kind in KINDS]
    table = capsys.readouterr().out
    assert "| interruptions that silence the reply, no echo | 1 of 1 |" in table
    assert (tmp_path / "table.md").read_text().strip() == table.strip()
    assert len(json.loads((tmp_path / "table.md.json").read_text())["clients"]) == len(KINDS)


def test_only_some_of_them_and_only_quickly(compared, monkeypatch):
    assert call(monkeypatch, "--quick", "--only", "pipecat", "--only", "Parley") == 0
    assert compared == [("Parley", QUICK), ("pipecat", QUICK)]


def test_a_client_that_there_is_not_is_named_with_those_that_there_are(compared, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        call(monkeypatch, "--only", "Siri")
    assert ended.value.code == 2
    assert "there is no Siri; there are: Parley; pipecat" in capsys.readouterr().err
    assert compared == []


def test_what_keeps_it_from_comparing_is_said_without_a_traceback(monkeypatch, capsys):
    def missing(_folder):
        raise BenchError("python is missing: run scripts/compare, which makes it")

    monkeypatch.setattr(command, "Peers", missing)
    assert call(monkeypatch) == 1
    assert capsys.readouterr().err == "compare: python is missing: run scripts/compare, which makes it\n"
