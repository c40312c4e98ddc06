"""The command line as a newcomer meets it: help, wrong usage, and how much is imported for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from device import commands
from device.commands.main import COMMANDS, main

LOADED = """
import json, sys
from device.commands.main import main
try:
    main(sys.argv[1:])
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded(*arguments: str, **environ: str) -> set[str]:
    """Return the modules that a command has imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def rooms(modules: set[str]) -> set[str]:
    """Return the rooms of Parley's that these modules are in."""
    return {module.split(".")[1] for module in modules if module.startswith("device.")}


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_each_command_what_its_own_help_begins_with(name):
    assert command(name).name == name
    assert (command(name).help or "").splitlines()[0] == COMMANDS[name][1]


def test_every_module_of_the_room_has_a_command_in_the_table():
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
    assert {place.partition(":")[0] for place, _ in COMMANDS.values()} == modules - {"__init__", "main", "terminal"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(parley, name):
    assert f"\n  {name} " in parley("--help").output
    shown = parley(name, "--help")
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) > 4
    assert parley(name, "-h").output == shown.output


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_list_of_commands_is_what_click_would_make_of_the_commands_themselves(width):
    eager = click.Group("main", commands=[command(name) for name in COMMANDS], help=main.help)
    lazily, eagerly = (group.get_help(click.Context(group, terminal_width=width)) for group in (main, eager))
    assert lazily.partition("Commands:")[2] == eagerly.partition("Commands:")[2] != ""


def test_for_its_help_no_command_is_imported():
    modules = loaded("--help")
    assert {name for name in modules if name.startswith("device.")} == {"device.commands", "device.commands.main"}
    assert not modules & {"numpy", "aiohttp", "asyncio", "msgspec", "rich"}


def test_for_the_help_of_a_command_only_that_one_is_imported():
    modules = loaded("settings", "--help")
    imported = {name.rpartition(".")[2] for name in modules if name.startswith("device.commands.")}
    assert imported == {"main", "settings", "terminal"}
    assert not modules & {"numpy", "aiohttp"}


def test_until_it_looks_for_the_card_the_assistant_imports_nothing_that_it_may_never_want(no_sound, tmp_path):
    modules = loaded("run", HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    assert "device.daemon.wait_for_card" in modules
    assert not rooms(modules) & {"bench", "doctor", "local", "simulation"}
    assert not modules & {"gpiozero", "jsonschema", "openai", "openwakeword", "soxr"}


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


NASTY = "x\x1b[2Jy\nok    z"


@pytest.mark.parametrize(
    "arguments",
    [
        [NASTY],
        ["room", NASTY],
        ["room", "--config", NASTY, "demo"],
        ["settings", "--config", NASTY],
        ["doctor", "--config", NASTY],
        ["profiles", "check", NASTY],
        ["profiles", "look", "support", NASTY],
        ["transcripts", "show", NASTY],
        ["transcripts", "delete", NASTY],
        ["models", "fetch", NASTY],
        ["bench", NASTY],
        ["ledger", "--days", NASTY],
        ["demo", "--out", f"/proc/{NASTY}"],
        ["engine", NASTY],
    ],
    ids=lambda arguments: arguments[0] if arguments[0] != NASTY else "no such command",
)
def test_what_a_command_is_given_is_printed_harmlessly(parley, arguments, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = parley(*arguments)
    assert result.exit_code
    assert "\x1b" not in result.output
    assert not [line for line in result.output.splitlines() if line.startswith("ok    z")]


def test_a_settings_file_forges_no_line(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('"key\\u001b[2J\\nok    z" = 1\nname = 3\n')
    result = parley("settings", "--config", str(config))
    assert "\x1b" not in result.output
    assert len(result.output.splitlines()) == 2


DEEP = [
    "[" + ".".join(["a"] * 5000) + "]\n",
    "a = " + "[" * 5000 + "]" * 5000,
    "a = " + "{a=" * 5000 + "1" + "}" * 5000,
    ".".join(["name"] * 200) + " = 1\n",
]


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
@pytest.mark.parametrize("command", [["settings", "--config"], ["profiles", "check"], ["room"]], ids=" ".join)
def test_a_deeply_nested_file_is_named(parley, tmp_path, command, text):
    path = tmp_path / "given.toml"
    path.write_text(text)
    result = parley(*command, str(path))
    assert result.exit_code == 1
    assert str(path) in result.output


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("command", [["settings", "--config"], ["profiles", "check"], ["room"]], ids=" ".join)
def test_a_pipe_or_a_device_is_named_and_not_waited_for(parley, tmp_path, command, kind):
    path = tmp_path / "given.toml"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    result = parley(*command, str(path))
    assert result.exit_code == 1
    assert f"it is a {kind}, not a file" in result.output


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "schema.json"])
@pytest.mark.parametrize(
    "content",
    [
        None,
        "[" * 5000 + "]" * 5000,
        '[{"a": ' + "[" * 500 + "]" * 500 + "}]",
        '{"type": "object", "properties": ' + '{"a": ' * 900 + "1" + "}" * 901,
    ],
)
def test_what_a_profile_names_is_named_too(parley, tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content) if content else os.mkfifo(file)
    profile = tmp_path / "profile.toml"
    lookup = f'[lookup.find]\ndescription = "Finds."\nfile = "{name}"\nkeys = {{ a = "name" }}\n'
    profile.write_text('description = "x"\n' + (f'result_schema = "{name}"\n' if name == "schema.json" else lookup))
    result = parley("profiles", "check", str(profile))
    assert result.exit_code == 1
    assert name in result.output


TABLES = [["devices"], ["doctor"], ["ledger"], ["models", "list"], ["profiles", "list"], ["transcripts", "list"]]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_what_prints_a_table_prints_json_too(words):
    found = main
    for word in words:
        found = found.get_command(click.Context(found), word)
    assert "--json" in {option for parameter in found.params for option in parameter.opts}
