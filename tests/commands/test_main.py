"""The command line as a newcomer meets it: help, exit codes, one line for a mistake and never a traceback."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from device.audio.card.base import CardError
from device.commands.main import main
from device.daemon import wait_for_card as waiting

COMMANDS = (
    "transcripts",
    "run",
    "demo",
    "room",
    "doctor",
    "devices",
    "models",
    "engine",
    "bench",
    "settings",
    "profiles",
    "ledger",
)


@pytest.fixture
def parley(tmp_path, monkeypatch):
    """Run the command in an empty home."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def run(*arguments):
        result = CliRunner().invoke(main, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(parley, command):
    assert command in parley("--help").output
    shown = parley(command, "--help")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["frob"], "No such command 'frob'"),
        (["run", "--loud"], "No such option"),
        (["room"], "Missing argument 'SCENE'"),
        (["engine", "--port", "99999"], "99999 is not in the range"),
    ],
)
def test_wrong_usage_is_status_2_and_named(parley, arguments, named):
    result = parley(*arguments)
    assert result.exit_code == 2
    assert named in result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["room", "nowhere.toml"], "nowhere.toml"),
        (["run", "--config", "/no/such/file.toml"], "/no/such/file.toml"),
        (["bench", "frob"], "latency"),
        (["models", "fetch", "frob"], "hey_jarvis"),
    ],
)
def test_what_cannot_be_done_is_status_1_and_one_line(parley, arguments, named):
    result = parley(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith("parley: ")
    assert named in result.output
    assert len(result.output.splitlines()) == 1


def test_settings_that_are_wrong_name_key_and_file(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engine = "locla"\n[wake]\nthreshhold = 0.5\n')
    result = parley("run", "--config", str(config))
    assert result.exit_code == 1
    assert "engine" in result.output
    assert "wake.threshhold" in result.output
    assert str(config) in result.output


def test_an_engine_without_its_key_says_where_to_put_it(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engines = "openai"\n')
    result = parley("run", "--config", str(config))
    assert result.exit_code == 1
    assert "OPENAI_API_KEY" in result.output


def test_without_a_card_run_offers_the_demo_in_one_line(parley, monkeypatch):
    def none(*_args, **_kwargs):
        raise CardError("no microphone was found: hear Parley without one: ./scripts/run demo")

    monkeypatch.setattr(waiting, "AlsaCard", none)
    result = parley("run")
    assert result.exit_code == 1
    assert result.output == "parley: no microphone was found: hear Parley without one: ./scripts/run demo\n"


def test_settings_show_no_secret_and_where_a_value_comes_from(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engines = "openai"\n[engine.openai]\napi_key = "sk-very-secret"\n[card]\nrate = 48000\n')
    result = parley("settings", "--config", str(config))
    assert result.exit_code == 0
    assert "sk-very" not in result.output
    assert "sk-very" not in result.output
    assert [line for line in result.output.splitlines() if line.startswith("rate = 48000") and str(config) in line]


def test_models_are_listed_with_their_licences(parley):
    result = parley("models", "list")
    assert result.exit_code == 0
    assert "hey_jarvis.onnx" in result.output
    assert "CC-BY-NC-SA" in result.output


def test_the_engine_ends_with_its_parent_and_says_where_it_listens(models):
    models("silero_vad.onnx")
    engine = subprocess.Popen(
        [sys.executable, "-m", "device", "engine", "--port", "0", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert engine.stdout.readline().startswith("Listening on ws://127.0.0.1:")
        engine.stdin.close()
        assert engine.wait(10) == 0
    finally:
        engine.kill()
        engine.stdout.close()
