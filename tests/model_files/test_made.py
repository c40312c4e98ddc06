"""What is made on this machine: whole or not at all, recorded, and known again."""

import sys
import textwrap

import pytest

from device.model_files import made
from device.model_files.made import MakingError, Recipe

GOOD = """
    import pathlib, sys
    source, result = map(pathlib.Path, sys.argv[1:])
    (result / "a.bin").write_bytes((source / "in.bin").read_bytes()[::-1])
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Make something by a module of the text that is given, of "abc"."""
    modules = tmp_path / "modules"
    modules.mkdir()
    environment = made.os.environ
    run = made.subprocess.run

    def with_modules(command, *, env, **more):
        assert env["PYTHONPATH"]
        return run(command, env={**environment, "PYTHONPATH": str(modules)}, **more)

    monkeypatch.setattr(made.subprocess, "run", with_modules)

    def one(text, version=1):
        (modules / "maker.py").write_text(textwrap.dedent(text))
        recipe = Recipe(name="things", version=version, module="maker", needs_mb=1, of=())
        folder = tmp_path / "models/things"
        with made.scratch(folder) as place:
            (place / "in.bin").write_bytes(b"abc")
            made.make(recipe, folder, place)
        return recipe, folder

    return one


def left(folder):
    return sorted(path.name for path in folder.parent.iterdir())


def test_what_is_made_is_known_by_what_it_was_made_of(make):
    recipe, folder = make(GOOD)
    file = folder / "a.bin"
    assert file.read_bytes() == b"cba"
    assert made.expected(recipe, file).fault(file) == ""
    assert left(folder) == ["things"]
    file.write_bytes(b"cbA")
    assert made.expected(recipe, file).fault(file) == "wrong sha256"
    assert made.expected(made.msgspec.structs.replace(recipe, version=2), file) == made.NOTHING
    (folder / "made.json").write_text("{")
    assert made.expected(recipe, file) == made.NOTHING


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; sys.exit('it hears nothing')", "it hears nothing"),
        ("raise OSError(28, 'No space left on device')", "No space left"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9.*memory"),
        ("import sys; sys.exit(3)", "status 3"),
    ],
)
def test_a_failure_says_why_and_changes_nothing(make, text, why):
    _, folder = make(GOOD)
    with pytest.raises(MakingError, match=why):
        make(text)
    assert (folder / "a.bin").read_bytes() == b"cba"
    assert left(folder) == ["things"]


def test_it_is_made_anew_in_place_of_the_former(make):
    _, folder = make(GOOD)
    recipe, _ = make(GOOD.replace("[::-1]", ""), version=2)
    file = folder / "a.bin"
    assert file.read_bytes() == b"abc"
    assert made.expected(recipe, file).fault(file) == ""


def test_what_an_interrupted_one_left_is_taken_away(tmp_path, make):
    (tmp_path / "models/.making-things-x").mkdir(parents=True)
    _, folder = make(GOOD)
    assert left(folder) == ["things"]


def test_what_takes_too_long_is_ended(make, monkeypatch):
    monkeypatch.setattr(made, "_TIMEOUT_S", 0.01)
    with pytest.raises(MakingError, match="not done"):
        make("import threading; threading.Event().wait()")


def test_nothing_is_made_where_there_is_no_memory(monkeypatch):
    monkeypatch.setattr("device.system.memory.available_mb", lambda: 300)
    recipe = Recipe(name="things", version=1, module=sys.__name__, needs_mb=500, of=())
    with pytest.raises(MakingError, match="500 MB of memory, and 300 MB are free"):
        made.check_memory(recipe)
