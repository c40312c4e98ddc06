"""Model files by what a person calls them, and how far they are."""

import json
import stat
import subprocess
import sys

import pytest

from device.model_files import named
from device.model_files.files import ModelError


@pytest.fixture
def fetched(monkeypatch):
    """Return what was fetched, by which way; nothing really is."""
    calls = []
    monkeypatch.setattr(named, "fetch", lambda names, *_, **__: calls.append(("manifest", names)) or [])
    monkeypatch.setattr(named, "fetch_voice", lambda name, *_, **__: calls.append(("list", name)) or [])
    return calls


def test_a_voice_that_the_manifest_has_not_comes_from_the_list(fetched):
    named.fetch_named(["alexa", "de_DE-thorsten-medium", "xx_XX-nobody-low"])
    assert ("list", "xx_XX-nobody-low") in fetched
    (others,) = (names for way, names in fetched if way == "manifest")
    assert "alexa" in others


def test_without_names_it_is_the_default_set(fetched):
    named.fetch_named([])
    assert fetched == [("manifest", None)]


def test_it_tells_how_far_it_is_for_all_to_read_and_keeps_no_package(monkeypatch, tmp_path, capfdbinary):
    def fetch(names, directory, *, progress, say, cache):
        cache.mkdir(parents=True)
        (cache / "a.whl").write_bytes(b"x")
        for done in range(101):
            progress("a 1.0", done, 100)
        (tmp_path / "a.onnx").write_bytes(b"x")
        return []

    monkeypatch.setattr(named, "fetch", fetch)
    named.main("alexa", tmp_path)
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert lines[0]["done"] == 0
    assert lines[-1] == {"what": "a 1.0", "done": 100, "size": 100}
    assert len(lines) < 10
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]
    assert stat.S_IMODE((tmp_path / "a.onnx").stat().st_mode) == 0o644


def test_a_disk_that_is_full_is_told(monkeypatch, tmp_path):
    def fetch(*_, **__):
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(named, "fetch", fetch)
    with pytest.raises(ModelError, match="No space left"):
        named.main("alexa", tmp_path)


def test_as_a_process_it_says_what_is_wrong(tmp_path):
    command = [sys.executable, "-P", "-m", "device.model_files.named", "nonsense", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'no model is called "nonsense"' in done.stderr
    assert "Traceback" not in done.stderr
