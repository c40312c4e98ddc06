"""The two forms of Moonshine's networks, step by step and with several hypotheses."""

import numpy as np
import pytest
from support.speech import say

from device.listen.moonshine import FILES
from device.listen.moonshine_networks import BEGIN, END, Networks
from device.model_files.files import ModelError


@pytest.fixture(scope="module", params=["tiny", "base"])
def networks(models, request):
    encoder, decoder, _ = FILES[request.param]
    folder = f"moonshine_{request.param}_en"
    return Networks(models(f"{folder}/{encoder}"), models(f"{folder}/{decoder}"))


@pytest.fixture(scope="module")
def audio():
    return np.concatenate([say("What time is it?"), np.zeros(4800, np.int16)]).astype(np.float32) / 32768


def begun(networks, audio):
    return networks.begin(*networks.encode(audio), len(audio))


def test_it_comes_to_an_end(networks, audio):
    decoding, token, steps = begun(networks, audio), BEGIN, 0
    while token != END:
        (row,) = decoding.step([token])
        assert np.exp(row).sum() == pytest.approx(1, abs=1e-3)
        token, steps = int(row.argmax()), steps + 1
    assert 5 <= steps <= 9


def test_hypotheses_side_by_side_are_as_those_alone(networks, audio):
    alone = [begun(networks, audio) for _ in range(2)]
    both = begun(networks, audio)
    (row,) = both.step([BEGIN])
    first, second = (int(token) for token in np.argsort(-row)[:2])
    both.keep([0, 0])
    rows = both.step([first, second])
    for decoding, token, found in zip(alone, (first, second), rows, strict=True):
        decoding.step([BEGIN])
        assert np.abs(decoding.step([token])[0] - found).max() < 1.0  # rounded to int8 together, and apart
        assert decoding.step([END]).shape == (1, networks.tokens)
    both.keep([1])
    assert both.step([int(rows[1].argmax())]).shape == (1, networks.tokens)


def test_other_models_are_refused(models):
    with pytest.raises(ModelError, match="no Moonshine"):
        Networks(models("moonshine_tiny_en/encoder_model.ort"), models("silero_vad.onnx"))
