"""Which model files there are, and where they lie."""

import hashlib
import shutil
from pathlib import Path

import pytest

from device.model_files import files
from device.model_files.files import Manifest, ModelError, ModelFile, Source

MEL = b"mel" * 1000


def test_places(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert files.places("/some/where") == [Path("/some/where")]
    assert files.places("~/models") == [Path.home() / "models"]
    checkout = Path(files.__file__).parents[2] / "models"
    system = [Path("/var/lib/parley-models"), Path("/var/lib/parley/models")]
    assert files.places() == [checkout, tmp_path / "parley/models", *system]
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "no-checkout")
    assert files.places()[0] == tmp_path / "parley/models"


def test_root_fills_the_place_of_the_service_where_there_is_one(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "no-checkout")
    monkeypatch.setattr(files, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert files.places()[0] == tmp_path / "parley/models"
    (tmp_path / "system").mkdir()
    assert files.places()[:2] == [tmp_path / "system", tmp_path / "parley/models"]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert files.places()[0] == tmp_path / "parley/models"


def test_the_first_place_that_has_the_file_counts(monkeypatch, tmp_path):
    sha256 = hashlib.sha256(MEL).hexdigest()
    file = ModelFile(name="mel.onnx", purpose="a test", sha256=sha256, size=len(MEL))
    manifest = Manifest((Source(licence="MIT", sha256=sha256, size=len(MEL), file=(file,)),))
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "no-checkout")
    monkeypatch.setattr(files, "SYSTEM", tmp_path / "system")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with pytest.raises(ModelError, match=f"is missing .looked in {tmp_path}/home/parley/models, {tmp_path}/system, "):
        files.find("mel.onnx", manifest=manifest)
    (tmp_path / "system").mkdir()
    (tmp_path / "system/mel.onnx").write_bytes(MEL)
    assert files.find("mel.onnx", manifest=manifest) == tmp_path / "system/mel.onnx"


def test_an_installed_parley_has_the_manifest_in_its_package(monkeypatch, tmp_path):
    shutil.copy(Path(files.__file__).parents[2] / "models/manifest.toml", tmp_path)
    monkeypatch.setattr(files, "CHECKOUT", tmp_path / "models")
    monkeypatch.setattr(files, "DATA", tmp_path)
    assert "hey_jarvis.onnx" in files.read_manifest().files


def test_the_manifest_is_whole(monkeypatch):
    manifest = files.own_manifest()
    listed = [file for source in manifest.source for file in source.file]
    assert len({file.name for file in listed}) == len(listed)
    for source in manifest.source:
        assert bool(source.url) != bool((source.package or source.npm) and source.version), source.title
        assert source.licence
    for file in listed:
        assert len(file.sha256) == (0 if file.made else 64)
        assert file.made in {"", *manifest.recipes}
        assert file.purpose
        assert set(file.needs) <= set(manifest.files)
    monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: 900)
    small = {
        "hey_jarvis.onnx",
        "melspectrogram.onnx",
        "embedding_model.onnx",
        "silero_vad.onnx",
        "smart_turn.onnx",
        "moonshine_tiny_en/encoder_model.ort",
        "moonshine_tiny_en/decoder_model_merged.ort",
        "moonshine_tiny_en/tokenizer.bin",
        "voices/en_US-joe-medium.onnx",
        "voices/en_US-joe-medium.onnx.json",
    }
    assert manifest.select() == small
    monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: 1850)
    base = {f"moonshine_base_en/{name}" for name in ("encoder.onnx", "decoder.onnx", "tokenizer.bin")}
    assert manifest.select() == small | base
    notices = {source.package: source.notice for source in manifest.source}
    assert "CC BY-NC-SA 4.0" in notices["openwakeword"]


def test_the_files_here_are_those_of_the_manifest(models):
    default = files.own_manifest().select()
    for name in default:
        models(name)
    found = {one.file.name: one.state for one in files.verify() if one.file.name in default}
    assert found == dict.fromkeys(default, "ok")


def test_a_folder_that_one_may_not_look_into_has_no_model(tmp_path):
    away = str(tmp_path / ("x" * 300))
    assert {found.state for found in files.status(away)} == {"missing"}
    with pytest.raises(ModelError, match="is missing"):
        files.find("hey_jarvis.onnx", away)


def test_in_a_home_that_there_is_not_no_model_is():
    assert all(one.state == "missing" for one in files.status("~nobody-is-called-so/models"))
