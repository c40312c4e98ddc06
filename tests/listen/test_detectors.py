from pathlib import Path

import numpy as np
import pytest

from device.listen.detectors import Detectors, wake_model
from device.model_files.files import ModelError
from device.settings.tree import WakeSettings


@pytest.mark.parametrize("name", ["~/mine.onnx", "/models/mine.tflite", "mine.onnx"])
def test_a_path_is_taken_as_it_is(name):
    assert wake_model(name, "onnx", "") == Path(name).expanduser()


@pytest.mark.parametrize(("name", "framework"), [("hey_jarvis", "tflite"), ("hey_jarvis", "onnx"), ("hey_ada", "onnx")])
def test_a_name_is_looked_for_among_the_models_for_the_framework(tmp_path, name, framework):
    with pytest.raises(ModelError, match=rf"{name}\.{framework}"):
        wake_model(name, framework, str(tmp_path))


def test_what_is_lacking_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"silero_vad\.onnx"):
        Detectors.load(WakeSettings(), str(tmp_path))


def test_they_are_loaded_and_hear_nothing_in_silence(models):
    models("hey_jarvis.onnx")
    detectors = Detectors.load(WakeSettings(), "")
    silence = np.zeros(1280, np.int16)
    assert detectors.voice.probability(silence[:512]) < 0.5
    assert list(detectors.wake.push(silence)) == []
    assert detectors.speech is not detectors.voice, "each hears a stream of its own"
