"""Moonshine base as it is made on this machine is heard before it is used."""

import re

import pytest

from device.listen import make_moonshine_base
from device.model_files.moonshine_base import UnexpectedGraphError


@pytest.fixture
def making(tmp_path, monkeypatch, models):
    """Play the conversion: what was made here before is put where it belongs."""

    def convert(folder, result):
        for name in ("encoder.onnx", "decoder.onnx"):
            (result / name).symlink_to(models(f"moonshine_base_en/{name}"))

    monkeypatch.setattr(make_moonshine_base, "convert", convert)
    (tmp_path / "tokenizer.bin").symlink_to(models("moonshine_base_en/tokenizer.bin"))
    (tmp_path / "result").mkdir()
    return lambda: make_moonshine_base.main(tmp_path, tmp_path / "result")


def test_what_understands_is_good(making):
    assert making() == ""


def test_what_misunderstands_is_not(making, monkeypatch):
    monkeypatch.setattr(make_moonshine_base, "TEXT", "Good morning.")
    assert re.match(r'it hears "Is it going to rain .*" where "Good morning', making())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "x.onnx"), "cannot write x.onnx: No space left on device"),
        (UnexpectedGraphError("the decoder has no two branches"), "the decoder has no two branches"),
        (RuntimeError("[ONNXRuntimeError] : 7\nmore"), "RuntimeError: [ONNXRuntimeError] : 7"),
    ],
)
def test_what_fails_is_said_in_a_line(making, monkeypatch, error, said):
    def convert(*_):
        raise error

    monkeypatch.setattr(make_moonshine_base, "convert", convert)
    assert making() == said
