"""The command that compares cancellers."""

import sys

import pytest

from scripts.cancellers import __main__ as command
from scripts.cancellers.table import Row


def row(name: str) -> Row:
    return Row(name, 30.0, 20.0, 1.0, 1.0, 29.0, (0.5, 1.0), 0.3, 0.3, 0.02)


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["compare-echo", "--python", "python", *arguments])
    monkeypatch.setattr(command, "record", lambda quick: quick)
    monkeypatch.setattr(command, "ours", lambda recordings: row("Parley"))
    monkeypatch.setattr(command, "other", lambda name, python, recordings: None if "pyaec" in name else row(name))
    return command.main()


def test_the_table_has_whoever_can_be_had(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, "--out", str(tmp_path / "table.md")) == 0
    told = capsys.readouterr()
    assert "pyaec 1.0, tail of 300 ms cannot be had here and is left out" in told.err
    assert "| Parley | 30.0 dB |" in told.out
    assert "pyaec" not in told.out
    assert (tmp_path / "table.md").read_text("utf-8") == told.out


def test_only_one_is_compared(monkeypatch, capsys):
    assert run(monkeypatch, "--only", "Parley") == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_an_unknown_one_is_named_with_those_that_there_are(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "--only", "silence")
    assert "there is no silence; there are: Parley; libspeexdsp 1.2" in capsys.readouterr().err
