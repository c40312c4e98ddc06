import importlib
import sys
import types

import numpy as np
import pytest
from support.kept_models import kept
from support.speech import mix, noise, say, silence

from device.listen.wake_word import FRAME, REFRACTORY, WakeWord, library, tflite_interpreter
from device.model_files.files import ModelError

VOICES = [
    ("en-gb", 130),
    ("en-us", 160),
    ("en-gb-scotland", 140),
    ("en-gb+f2", 150),
    ("en-us+Annie", 135),
]
SENTENCES = [
    "set a timer for five minutes and turn the volume down please",
    "the weather in London is mostly cloudy today",
    "hey, how are you, have you seen my service manual",
    "once upon a time there was a small house near the sea",
]


@pytest.fixture
def make(models):
    def build(*words, framework="onnx", **settings):
        files = [models(f"{word}.{framework}") for word in words or ("hey_jarvis",)]
        features = models(f"melspectrogram.{framework}"), models(f"embedding_model.{framework}")
        with kept():
            return WakeWord(files, *features, framework=framework, **settings)

    return build


def run(detector, pcm, size=160):
    return [hit for i in range(0, len(pcm), size) for hit in detector.push(pcm[i : i + size])]


def scene(*parts, dbfs=-70):
    """Parts one after another, in a room with a little noise."""
    whole = np.concatenate(parts)
    return mix(whole, noise(len(whole) / 16_000, dbfs))


@pytest.mark.parametrize(("voice", "speed"), VOICES)
def test_every_voice_is_heard_once_and_the_gate_changes_nothing(make, voice, speed):
    words = say("hey jarvis", voice, speed)
    pcm = scene(silence(4), words, silence(2))
    gated, free = make(), make(gate_dbfs=-120)
    with_gate = run(gated, pcm)
    (hit,) = with_gate
    assert hit.word == "hey_jarvis"
    assert hit.score >= 0.5
    assert 4 * 16_000 < hit.position <= 4 * 16_000 + len(words) + 8_000
    assert hit.position % FRAME == 0
    assert with_gate == run(free, pcm)


@pytest.mark.parametrize("dbfs", [-50, -35])
def test_the_word_is_heard_in_noise_as_without_the_gate(make, dbfs):
    gated, free = make(), make(gate_dbfs=-120)
    words = np.concatenate([silence(9), say("hey jarvis", "en-us", 130, dbfs + 6)])
    pcm = mix(noise(12, dbfs), words)
    found = run(gated, pcm)
    assert len(found) == 1
    assert found == run(free, pcm)


def test_after_a_long_rest_the_first_word_is_heard(make, monkeypatch):
    detector = make()
    calls = []
    predict = library("onnx").predict
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: calls.append(1) or predict(model, x))
    assert run(detector, noise(120, -70)) == []
    assert detector.resting
    assert len(calls) <= 30
    before = 120 * 16_000
    (hit,) = run(detector, scene(say("hey jarvis"), silence(1)))
    assert before < hit.position < before + 2 * 16_000
    assert not detector.resting


def test_what_was_missed_is_heard_in_order(make, monkeypatch):
    detector = make()
    run(detector, silence(3.2))
    heard = []
    predict = library("onnx").predict
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: heard.append(x.copy()) or predict(model, x))
    quiet = noise(0.8, -75)
    loud = noise(0.16, -30)
    run(detector, np.concatenate([quiet, loud]))
    assert np.array_equal(np.concatenate(heard)[-len(quiet) - len(loud) :], np.concatenate([quiet, loud]))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_ordinary_speech_is_no_wake_word(make, sentence):
    detector = make("hey_jarvis", "alexa")
    for voice, speed in VOICES[:2]:
        assert run(detector, scene(silence(1), say(sentence, voice, speed))) == []


def test_two_utterances_are_two_detections_and_one_is_one(make):
    words = say("hey jarvis")
    first, second = run(make(), scene(silence(2), words, silence(1.5), words, silence(2)))
    assert second.position - first.position >= REFRACTORY
    assert len(run(make(), scene(silence(2), words, silence(0.1), words, silence(2)))) == 1


def test_two_models_tell_their_words_apart(make):
    detector = make("hey_jarvis", "alexa")
    assert detector.words == ("hey_jarvis", "alexa")
    pcm = scene(silence(2), say("alexa", "en-us", 140), silence(2), say("hey jarvis"), silence(1))
    assert [hit.word for hit in run(detector, pcm)] == ["alexa", "hey_jarvis"]


def test_patience_asks_for_frames_in_a_row(make, monkeypatch):
    detector = make(patience=3, gate_dbfs=-120)
    scores = iter([0.9, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.1])
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: {"hey_jarvis": next(scores)})
    (hit,) = run(detector, silence(8 * 0.08), 1280)
    assert hit.position == 6 * FRAME


def test_a_word_that_stays_above_the_threshold_is_detected_once(make, monkeypatch):
    detector = make(gate_dbfs=-120)
    scores = iter([0.9] * 60 + [0.1] + [0.9] * 30)
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: {"hey_jarvis": next(scores)})
    assert [hit.position // FRAME for hit in run(detector, silence(91 * 0.08), 1280)] == [1, 62]


def test_the_threshold_decides(make):
    pcm = scene(silence(2), say("hey jarvis"), silence(1))
    assert run(make(threshold=0.9999999), pcm) == []


def test_blocks_of_any_size_give_the_same(make):
    pcm = scene(silence(1), say("hey jarvis"), silence(1))
    expected = run(make(), pcm)
    assert len(expected) == 1
    assert run(make(), pcm, 1000) == expected
    assert run(make(), pcm, len(pcm)) == expected


def test_tflite_agrees_with_onnx(make):
    for voice, speed in VOICES[:3]:
        pcm = scene(silence(2), say("hey jarvis", voice, speed), silence(1))
        (one,), (other,) = run(make(), pcm), run(make(framework="tflite"), pcm)
        assert abs(one.position - other.position) <= FRAME
        assert one.score == pytest.approx(other.score, abs=0.05)


def test_tflite_falls_back_to_its_successor(monkeypatch):
    package, interpreter = types.ModuleType("ai_edge_litert"), types.ModuleType("ai_edge_litert.interpreter")
    monkeypatch.setitem(sys.modules, "ai_edge_litert", package)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", interpreter)
    for name in ("tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)
    assert tflite_interpreter() is interpreter
    assert importlib.import_module("tflite_runtime.interpreter") is interpreter


@pytest.mark.parametrize("framework", ["onnx", "tflite"])
@pytest.mark.parametrize("content", [b"", b"rubbish", None], ids=["empty", "rubbish", "truncated"])
def test_a_corrupt_model_is_named(models, tmp_path, framework, content):
    whole = models(f"hey_jarvis.{framework}").read_bytes()
    broken = tmp_path / f"hey_friday.{framework}"
    broken.write_bytes(whole[:50_000] if content is None else content)
    features = models(f"melspectrogram.{framework}"), models(f"embedding_model.{framework}")
    with pytest.raises(ModelError, match=rf"hey_friday\.{framework}"):
        WakeWord([broken], *features, framework=framework)


def test_a_missing_model_is_named(models, tmp_path):
    with pytest.raises(ModelError, match=r"hey_friday\.onnx is missing"):
        WakeWord([tmp_path / "hey_friday.onnx"], models("melspectrogram.onnx"), models("embedding_model.onnx"))


def test_a_model_for_another_framework_is_named(models):
    with pytest.raises(ModelError, match=r"hey_jarvis\.tflite is not a model for wake\.framework"):
        WakeWord([models("hey_jarvis.tflite")], models("melspectrogram.onnx"), models("embedding_model.onnx"))


def test_a_model_that_is_no_wake_word_is_named(models):
    with pytest.raises(ModelError, match=r"not an openWakeWord model: .*silero"):
        WakeWord([models("silero_vad.onnx")], models("melspectrogram.onnx"), models("embedding_model.onnx"))


def test_two_models_of_one_name_are_refused(models, tmp_path):
    copy = tmp_path / "hey_jarvis.onnx"
    copy.write_bytes(models("hey_jarvis.onnx").read_bytes())
    with pytest.raises(ModelError, match="same name"):
        WakeWord([models("hey_jarvis.onnx"), copy], models("melspectrogram.onnx"), models("embedding_model.onnx"))


def test_scikit_learn_is_not_imported(make):
    make()
    assert "sklearn" not in sys.modules


@pytest.mark.parametrize(
    ("over", "scores", "detected"),
    [
        (("none", True), [0.4] * 4, []),
        (("known", True), [0.4] * 4, [2]),
        (("known", True), [0.1, 0.4, 0.1, 0.4, 0.1], []),  # a "yeah" that sounds like it for a moment
        (("known", True), [0.1, 0.6], [2]),
        (("known", True), [0.4, 0.6, 0.4], [2]),
        (("known", False), [0.4] * 4, []),  # its own voice: nothing is louder than what may be left of it
        (("known", False), [0.4, 0.6, 0.4], [2]),
    ],
)
def test_a_lower_score_will_do_over_the_device_if_it_lasts_and_somebody_is_near(
    make, monkeypatch, over, scores, detected
):
    detector = make(gate_dbfs=-120)
    detector.echo, detector.near = over
    following = iter(scores)
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: {"hey_jarvis": next(following)})
    found = run(detector, silence(len(scores) * 0.08), 1280)
    assert [hit.position // FRAME for hit in found] == detected


@pytest.mark.parametrize(
    ("scores", "detected"),
    [
        ([0.45] * 4, []),
        ([0.79] * 4, []),  # more than any sound of its own
        ([0.1, 0.8], [2]),
        ([0.45] * 23 + [0.6], []),  # the models still look back on it
        ([0.45] * 24 + [0.6], [25]),
        ([0.45] * 27, []),
    ],
)
def test_as_long_as_the_models_may_have_heard_an_echo_that_is_not_known_the_word_must_be_clear(
    make, monkeypatch, scores, detected
):
    detector = make(gate_dbfs=-120)
    following = iter([0.0, *scores])
    monkeypatch.setattr(library("onnx"), "predict", lambda model, x: {"hey_jarvis": next(following)})
    detector.echo = "unknown"
    assert run(detector, silence(0.08), 1280) == []
    detector.echo = "none"
    found = run(detector, silence(len(scores) * 0.08), 1280)
    assert [hit.position // FRAME - 1 for hit in found] == detected
