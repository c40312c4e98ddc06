"""`parley models`: which files there are, what is fetched, and what is wrong with one."""

import pytest

from device.model_files import files
from device.model_files.files import ModelError, own_manifest


@pytest.fixture
def elsewhere(tmp_path):
    """A settings file by which models are in a folder of their own, which is empty; returns both."""
    config, folder = tmp_path / "parley.toml", tmp_path / "kept"
    folder.mkdir()
    config.write_text(f'models_dir = "{folder}"\n')
    return str(config), folder


@pytest.mark.parametrize("command", [("models",), ("models", "list")])
def test_models_are_listed_with_their_licences(parley, command):
    result = parley(*command)
    assert result.exit_code == 0
    assert "hey_jarvis.onnx" in result.output
    assert "CC-BY-NC-SA" in result.output
    assert len(result.output.splitlines()) == len(own_manifest().files)


def test_what_is_not_here_is_needed_or_not(parley, elsewhere):
    listed = parley("models", "list", "--config", elsewhere[0]).output
    states = {line.split()[0]: line.split()[1] for line in listed.splitlines()}
    assert states == {file.name: "needed" if file.default else "not" for file in own_manifest().files.values()}


def test_a_file_that_is_damaged_is_named_with_its_fix_and_those_that_nobody_needs_are_not(parley, elsewhere):
    config, folder = elsewhere
    damaged = own_manifest().files["silero_vad.onnx"]
    (folder / damaged.name).write_bytes(bytes(damaged.size))
    result = parley("models", "verify", "--config", config)
    assert result.exit_code == 1
    said = {line.rpartition("  ")[2].partition(":")[0] for line in result.output.splitlines()}
    assert said == {file.name for file in own_manifest().files.values() if file.default and not file.made}
    assert f"wrong sha256  silero_vad.onnx: {files.fix(damaged)}" in result.output


def test_those_that_are_well_are_listed(parley, models):
    models("silero_vad.onnx")
    assert "ok       silero_vad.onnx\n" in parley("models", "verify").output


def test_what_is_fetched_is_named(parley, elsewhere, monkeypatch):
    config, folder = elsewhere
    asked = []

    def fetch(names, directory, *, progress, say, cache=None):
        asked.append((names, directory))
        progress("a.onnx", 0, 100)
        progress("a.onnx", 100, 100)
        return [folder / "a.onnx"] if names else []

    monkeypatch.setattr("device.model_files.named.fetch", fetch)
    assert "fetched a.onnx\n" in parley("models", "fetch", "a.onnx", "--config", config).output
    assert "Everything is there already.\n" in parley("models", "fetch", "--config", config).output
    assert asked == [(("a.onnx",), str(folder)), (None, str(folder))]


def test_what_cannot_be_fetched_is_one_line(parley, elsewhere, monkeypatch):
    def fetch(*_args, **_kwargs):
        raise ModelError("cannot fetch it: nobody is there")

    monkeypatch.setattr("device.model_files.named.fetch", fetch)
    result = parley("models", "fetch", "--config", elsewhere[0])
    assert result.exit_code == 1
    assert "parley: cannot fetch it: nobody is there\n" in result.output
