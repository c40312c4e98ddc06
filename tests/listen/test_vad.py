import threading

import numpy as np
import pytest
from support.speech import noise, say, silence

from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.listen.vad import SileroVad
from device.model_files.files import ModelError


@pytest.fixture
def vad(models):
    return SileroVad(models("silero_vad.onnx"))


def probabilities(vad, pcm):
    return [vad.probability(pcm[i : i + FRAME]) for i in range(0, len(pcm) - FRAME + 1, FRAME)]


def test_tells_speech_from_silence_and_noise(vad):
    assert np.mean(probabilities(vad, say("what is the weather like in London today"))[3:]) > 0.8
    vad.reset()
    assert max(probabilities(vad, silence(1))) < 0.3
    vad.reset()
    assert max(probabilities(vad, noise(1, -40))) < 0.3


def test_a_stream_is_the_same_after_reset(vad):
    speech = say("good morning")
    first = probabilities(vad, speech)
    assert probabilities(vad, speech) != first, "it has no memory to reset"
    vad.reset()
    assert probabilities(vad, speech) == first


@pytest.mark.parametrize(("word", "voice"), [("stop", "en-us+f3"), ("that is not it", "en-gb"), ("hold on", "en-gb")])
def test_a_noise_that_lasts_does_not_dull_it(vad, word, voice):
    speech = say(word, voice)
    noisy = np.clip(speech + noise(1, -40, 3)[: len(speech)].astype(int), -32768, 32767).astype(np.int16)
    noticed = []
    for before_s in (1, 40):
        vad.reset()
        hiss = noise(before_s, -40)
        hiss = hiss[: len(hiss) // FRAME * FRAME]
        heard = probabilities(vad, np.concatenate((hiss, noisy)))[len(hiss) // FRAME :]
        noticed.append(int(np.argmax(np.array(heard) >= 0.5)))
    assert noticed[1] <= noticed[0]


def test_streams_that_share_a_model_do_not_disturb_each_other(vad):
    speech, hiss = say("set a timer for five minutes"), noise(3, -35)
    alone = probabilities(vad, speech)
    vad.reset()
    other = vad.share()
    together = []
    for i in range(len(alone)):
        together.append(vad.probability(speech[i * FRAME : (i + 1) * FRAME]))
        other.probability(hiss[i * FRAME : (i + 1) * FRAME])
    assert together == alone


def test_shared_streams_run_in_threads(vad):
    speech = say("set a timer for five minutes")
    alone = probabilities(vad, speech)
    results = {}

    def listen(n, stream):
        results[n] = probabilities(stream, speech)

    threads = [threading.Thread(target=listen, args=(n, vad.share())) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[n] == alone for n in range(4)] == [True] * 4


def test_with_endpoints_it_finds_an_utterance(vad):
    lead = silence(1)
    speech = say("turn the volume down please")
    endpointer = Endpointer(EndpointSettings(silence_ms=500))
    events = [
        event
        for p in probabilities(vad, np.concatenate([lead, speech, silence(1)]))
        if (event := endpointer.push(p)) is not None
    ]
    onset, offset = events
    assert isinstance(onset, Onset)
    assert isinstance(offset, Offset)
    assert abs(onset.position - len(lead)) < 0.15 * 16_000
    assert abs(offset.end - len(lead) - len(speech)) < 0.3 * 16_000


@pytest.mark.parametrize(
    "block", [np.zeros(160, np.int16), np.zeros(FRAME, np.float32), np.zeros((1, FRAME), np.int16)]
)
def test_a_wrong_block_is_refused(vad, block):
    with pytest.raises(ValueError, match="512"):
        vad.probability(block)


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere\.onnx.*models fetch"):
        SileroVad(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model at all"], ids=["empty", "rubbish"])
def test_a_corrupt_model_is_named(tmp_path, content):
    (tmp_path / "silero.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"silero\.onnx.*models fetch"):
        SileroVad(tmp_path / "silero.onnx")


def test_a_truncated_model_is_named(tmp_path, models):
    whole = models("silero_vad.onnx").read_bytes()
    (tmp_path / "silero.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"silero\.onnx"):
        SileroVad(tmp_path / "silero.onnx")


def test_another_model_is_named(models):
    with pytest.raises(ModelError, match="not a Silero"):
        SileroVad(models("melspectrogram.onnx"))
