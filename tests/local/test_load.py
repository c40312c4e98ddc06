"""The stages that the settings ask for: what is loaded, and that it answers aloud."""

import re
import subprocess
import sys

import msgspec
import numpy as np
import pytest
from support.scripted import Scripted, audio_of
from support.speech import say

from device.audio.resample import resample
from device.local.brain.chat import Chat
from device.local.brain.sentences import Sentences
from device.local.load import load_stages, make_brain
from device.local.stages import Choice, EngineStartError, Turn
from device.local.tts import opening
from device.model_files.files import ModelError
from device.settings.local import PiperSettings, SherpaSettings, TranscriptionSettings
from device.settings.tree import BrainSettings, CartesiaSettings, LocalSettings, Settings, WakeSettings
from device.settings.types import Secret


def test_the_default_stages_work(models):
    models("silero_vad.onnx")
    models("voices/en_US-joe-medium.onnx")
    stages = load_stages(Settings())
    assert type(stages.voice).__name__ == "PiperVoice"
    for stage in (stages.recogniser, stages.brain, stages.voice):
        stage.warm_up()
    assert stages.voice.rate == 22_050
    assert stages.vad() is not stages.vad()


def test_the_brain_is_chosen_by_its_url():
    assert isinstance(make_brain(Settings()), Sentences)
    assert isinstance(make_brain(Settings(brain=BrainSettings(url="http://127.0.0.1:1/v1"))), Chat)
    # A model may know a language for which there are no sentences.
    assert isinstance(make_brain(Settings(language="xx", brain=BrainSettings(url="http://127.0.0.1:1/v1"))), Chat)


async def test_wake_words_are_names():
    brain = make_brain(Settings(name="Anna", wake=WakeSettings(models=("/some/where/hey_mycroft_v0.1.onnx",))))
    for text in ("Anna, what time is it?", "Hey Mycroft, what time is it?"):
        reply = [item async for item in brain.reply([Turn("user", text)], [], "", Choice())]
        assert reply[0].text.startswith("It is")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(EngineStartError, match=r'language.*"xx"'):
        load_stages(Settings(language="xx"))
    with pytest.raises(EngineStartError, match=r'local\.stt.*English only.*"de-AT".*sherpa-onnx.*endpoint'):
        load_stages(Settings(language="de-AT"))
    with pytest.raises(EngineStartError, match=r"local\.voice.*nobody"):
        load_stages(Settings(local=LocalSettings(voice="nobody")))
    with pytest.raises(ModelError, match=r'piper\.voice.*"de"'):
        load_stages(
            Settings(
                local=LocalSettings(stt="endpoint", tts="piper"),
                transcription=TranscriptionSettings(url="http://x/v1"),
                language="de",
            )
        )
    with pytest.raises(ModelError, match="models fetch"):
        load_stages(msgspec.structs.replace(Settings(), models_dir=str(tmp_path)))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"stt": "endpoint"}, r"transcription\.url.*local\.stt"),
        ({"stt": "sherpa-onnx"}, r"sherpa\.model.*local\.stt"),
        ({"stt": "cartesia"}, r"cartesia\.api_key.*CARTESIA_API_KEY"),
        ({"tts": "cartesia"}, r"cartesia\.api_key.*local\.tts.*CARTESIA_API_KEY"),
    ],
)
def test_what_a_stage_lacks_is_named(chosen, said):
    with pytest.raises(EngineStartError, match=said):
        load_stages(Settings(local=LocalSettings(**chosen)))


def test_the_cloud_needs_neither_moonshine_nor_espeak(models, monkeypatch):
    models("silero_vad.onnx")
    monkeypatch.setattr("device.local.stt.moonshine.load_moonshine", lambda *_: pytest.fail("loaded"))
    monkeypatch.setattr(opening, "EspeakVoice", lambda *_: pytest.fail("loaded"))
    cloud = CartesiaSettings(api_key=Secret("x"), voice="v")
    stages = load_stages(Settings(local=LocalSettings(stt="cartesia", tts="cartesia"), cartesia=cloud))
    assert (type(stages.recogniser).__name__, type(stages.voice).__name__) == ("InkRecogniser", "SonicVoice")
    assert stages.recogniser_name == "ink-2"


@pytest.mark.parametrize(("model", "name"), [("m", "m"), ("", "default")])
def test_clients_are_told_of_the_recogniser_that_is_chosen(models, model, name):
    models("silero_vad.onnx")
    chosen = TranscriptionSettings(url="http://box:1/v1", model=model)
    stages = load_stages(Settings(local=LocalSettings(stt="endpoint"), transcription=chosen))
    assert (type(stages.recogniser).__name__, stages.recogniser_name) == ("EndpointRecogniser", name)


@pytest.mark.parametrize(("language", "judged"), [("en", "incomplete"), ("fr", "complete")])
def test_completeness_goes_by_the_language_that_the_recogniser_knows(models, language, judged):
    models("silero_vad.onnx")
    url = TranscriptionSettings(url="http://box:1/v1")
    brain = BrainSettings(url="http://box:1/v1")
    heard = Settings(local=LocalSettings(stt="endpoint"), transcription=url, brain=brain, language=language)
    assert load_stages(heard).completeness.judge("Set a timer for the") == judged


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"local": LocalSettings(stt="sherpa-onnx"), "sherpa": SherpaSettings(model="/nowhere")}, "sherpa"),
        ({"local": LocalSettings(tts="piper"), "piper": PiperSettings(voice="/nowhere.onnx")}, "piper"),
    ],
)
def test_an_extra_that_cannot_be_used_is_named(models, chosen, said):
    models("silero_vad.onnx")
    with pytest.raises(ModelError, match=said):
        load_stages(Settings(**chosen))


def test_what_is_not_chosen_is_not_imported():
    code = (
        "import sys; from device.local.load import load_stages; from device.settings.tree import Settings;"
        "from device.settings.tree import LocalSettings;"
        "load_stages(Settings(local=LocalSettings(tts='espeak-ng')));"
        "print([m for m in sys.modules if m.startswith(('device.local.stt.', 'device.local.tts.sonic',"
        "'device.local.tts.piper', 'sherpa', 'device.local.remote.cartesia'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['device.local.stt.expected', 'device.local.stt.moonshine']"


@pytest.fixture(scope="module")
def stages(models):
    models("moonshine_tiny_en/encoder_model.ort")
    made = load_stages(Settings())
    for stage in (made.recogniser, made.brain, made.voice):
        stage.warm_up()
    return made


@pytest.mark.parametrize(
    ("question", "heard", "answer"),
    [
        ("what time is it", r"what time is it", r"morning|afternoon|evening|at night|noon|midnight"),
        ("what is twelve times seven", r"twelve times seven|12 times 7", r"84"),
    ],
)
async def test_a_spoken_question_is_answered_aloud(stages, question, heard, answer):
    server = Scripted(stages.recogniser, stages.brain, stages.voice, vad=stages.vad)
    async with server, server.connect() as client:
        await client.append(np.zeros(12_000, np.int16))
        await client.append(resample(say(question), 16_000, 24_000))
        await client.append(np.zeros(24_000, np.int16))
        done = await client.until("response.done")
    assert len(client.of("input_audio_buffer.speech_started")) == 1
    transcript = client.of("conversation.item.input_audio_transcription.completed")[0].transcript
    assert re.search(heard, transcript, re.IGNORECASE)
    assert done.response.status == "completed"
    said = done.response.output[0].content[0].transcript
    assert re.search(answer, said)
    pcm = np.frombuffer(audio_of(client), "<i2").astype(float)
    assert len(pcm) > 24_000 * 0.5
    assert np.sqrt(np.mean(pcm**2)) > 300
