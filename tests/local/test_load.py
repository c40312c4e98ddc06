import subprocess
import sys

import msgspec
import pytest

from device.local import load
from device.local.brain.chat import Chat
from device.local.brain.sentences import Sentences
from device.local.load import load_stages, make_brain
from device.local.stages import Choice, EngineStartError, Turn
from device.model_files.files import ModelError
from device.settings.tree import BrainSettings, CartesiaSettings, LocalSettings, Settings, WakeSettings
from device.settings.types import Secret


def test_the_default_stages_work(models):
    models("silero_vad.onnx")
    stages = load_stages(Settings())
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
    with pytest.raises(EngineStartError, match=r"local\.voice.*nobody"):
        load_stages(Settings(local=LocalSettings(voice="nobody")))
    with pytest.raises(ModelError, match="parley models fetch"):
        load_stages(msgspec.structs.replace(Settings(), models_dir=str(tmp_path)))


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"stt": "endpoint"}, r"transcription\.url.*local\.stt"),
        ({"stt": "sherpa-onnx"}, r"sherpa\.model.*local\.stt"),
        ({"tts": "piper"}, r"piper\.voice.*local\.tts"),
        ({"stt": "cartesia"}, r"cartesia\.api_key.*CARTESIA_API_KEY"),
        ({"tts": "cartesia"}, r"cartesia\.api_key.*local\.tts.*CARTESIA_API_KEY"),
    ],
)
def test_what_a_stage_lacks_is_named(chosen, said):
    with pytest.raises(EngineStartError, match=said):
        load_stages(Settings(local=LocalSettings(**chosen)))


def test_the_cloud_needs_neither_moonshine_nor_espeak(models, monkeypatch):
    models("silero_vad.onnx")
    for name in ("load_moonshine", "EspeakVoice"):
        monkeypatch.setattr(load, name, lambda *_: pytest.fail("loaded"))
    cloud = CartesiaSettings(api_key=Secret("x"), voice="v")
    stages = load_stages(Settings(local=LocalSettings(stt="cartesia", tts="cartesia"), cartesia=cloud))
    assert (type(stages.recogniser).__name__, type(stages.voice).__name__) == ("InkRecogniser", "SonicVoice")
    assert stages.recogniser_name == "ink-2"


def test_what_is_not_chosen_is_not_imported():
    code = (
        "import sys; from device.local.load import load_stages; from device.settings.tree import Settings;"
        "load_stages(Settings());"
        "print([m for m in sys.modules if m.startswith(('device.local.stt.', 'device.local.tts.sonic', 'piper',"
        "'device.local.tts.piper', 'sherpa', 'device.local.remote.cartesia'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
