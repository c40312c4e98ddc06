"""Commands that messages name, each as whoever reads it can type it."""

import ast
import re
import sys
from pathlib import Path

import pytest

import device
from device.commands.main import COMMANDS
from device.system import typed as module
from device.system.typed import of_service, typed

ROOT = Path(device.__file__).parents[1]
COMMAND = re.compile(rf"\bparley ({'|'.join(COMMANDS)})\b|scripts/run\b|\bparley-engine --")
WHAT_IS_MEASURED = {"WHAT", "_WHAT"}
"""Names of texts that say what is measured; nobody is asked to type that."""


def spoken(path):
    """Yield the line and text of each string of a module that is no docstring and not about what is measured."""
    tree = ast.parse(path.read_text("utf-8"))
    quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(getattr(to, "id", "") in WHAT_IS_MEASURED for to in node.targets):
            quiet |= {id(part) for part in ast.walk(node.value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet:
            yield node.lineno, node.value


def test_no_message_names_a_command_but_through_typed():
    named = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / "device").rglob("*.py"))
        if path.name != "typed.py"
        for line, text in spoken(path)
        if COMMAND.search(text)
    ]
    assert named == []


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A checkout at tmp_path, from whose environment Parley runs, as an ordinary user."""
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for program in (tmp_path / ".venv/bin/parley", tmp_path / "scripts/run"):
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    return tmp_path


def test_in_a_checkout_it_is_the_script_by_a_path_that_holds_where_one_is(machine, monkeypatch):
    monkeypatch.chdir(machine)
    assert typed("models fetch", root=True) == "./scripts/run models fetch"
    monkeypatch.chdir("/")
    assert typed("models fetch") == f"{machine}/scripts/run models fetch"


def test_in_an_environment_that_is_active_it_is_the_name(machine, monkeypatch):
    monkeypatch.setenv("PATH", f"{machine}/.venv/bin:/usr/bin")
    assert typed("models list") == "parley models list"


def test_in_another_environment_it_is_its_program_or_the_module(machine):
    (machine / "scripts/run").unlink()
    assert typed("doctor") == f"{machine}/.venv/bin/parley doctor"
    (machine / ".venv/bin/parley").unlink()
    assert typed("doctor") == f"{sys.executable} -m device doctor"


def test_of_the_service_it_is_the_machines_command_and_root_is_asked_for_only_where_needed(machine, monkeypatch):
    for prefix in ("/opt/parley-0123456789ab", "/var/lib/parley-update/releases/parley-0123456789ab"):
        monkeypatch.setattr(sys, "prefix", prefix)
        assert typed("models list") == "parley models list"
        assert typed("models fetch", root=True) == "sudo parley models fetch"
    assert of_service("doctor", user="parley") == "sudo -u parley parley doctor"
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert typed("models fetch", root=True) == "parley models fetch"


def test_what_is_named_in_a_folder_with_a_blank_can_be_pasted(machine, monkeypatch):
    folder = machine / "my house"
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts/run").touch()
    monkeypatch.setattr(module, "CHECKOUT", folder)
    monkeypatch.setattr(sys, "prefix", str(folder / ".venv"))
    assert typed("demo") == f"'{folder}/scripts/run' demo"
