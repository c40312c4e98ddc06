"""What all commands share: settings and the log, and how one ends that cannot do its work."""

import logging
import os
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from device.commands import terminal
from device.commands.terminal import CommandError, load_in_force, load_settings, make_folder, set_up_log
from device.settings.last_good import InForce
from device.settings.loading import read


@pytest.fixture
def configured(monkeypatch):
    """What the log was set up with."""
    with_what = {}
    monkeypatch.setattr(logging, "basicConfig", lambda **keys: with_what.update(keys))
    monkeypatch.setattr(logging.getLogger("asyncio"), "level", logging.NOTSET)
    return with_what


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write a settings file in an empty home and return its path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def write(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


def test_an_error_is_a_line_on_stderr_and_status_1():
    @click.command()
    def fails():
        raise CommandError("card.input: there is no Jabra")

    result = CliRunner().invoke(fails)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "parley: card.input: there is no Jabra\n")


def test_settings_set_the_level_of_the_log_which_goes_to_stderr(configured, config):
    assert load_settings(config('name = "Ada"\nlog_level = "debug"\n')).name == "Ada"
    [handler] = configured["handlers"]
    assert (configured["level"], handler.stream) == ("DEBUG", sys.stderr)
    assert logging.getLogger("asyncio").level == logging.WARNING, "it says too much"


def test_settings_that_cannot_be_used_are_a_command_error(configured, config):
    with pytest.raises(CommandError, match="nmae: no such key"):
        load_settings(config("nmae = 1"))
    assert not configured


def test_who_needs_an_engine_is_told_what_it_lacks(configured, config, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    path = config('engines = "openai"')
    assert load_in_force(path).settings.engines == ("openai",)
    with pytest.raises(CommandError, match="OPENAI_API_KEY"):
        load_in_force(path, need_engine=True)


def test_what_is_unwise_and_what_is_wrong_are_the_first_lines_of_the_log(configured, config, caplog):
    path = config("[brain]\napi_key = 'x'")
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        set_up_log(InForce(read(path), "The settings cannot be used.\nIts profile neither."))
    (unwise, *wrong) = [(record.levelname, record.message) for record in caplog.records]
    assert unwise[0] == "WARNING"
    assert "everybody can read it" in unwise[1]
    assert wrong == [("ERROR", "The settings cannot be used."), ("ERROR", "Its profile neither.")]
    assert {record.name for record in caplog.records} == {terminal.__name__}


def test_a_folder_is_made_with_those_above_it(tmp_path):
    folder = tmp_path / "a" / "b"
    assert make_folder(folder) == folder
    assert folder.is_dir()
    assert make_folder(folder) == folder


def test_a_folder_that_cannot_be_made_or_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=rf"^--out {tmp_path}/file: File exists$"):
        make_folder(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CommandError, match=rf"^--out {tmp_path}: nothing can be written there$"):
        make_folder(tmp_path)
