import msgspec
import pytest

from device.local.brain.chat import Chat
from device.local.brain.sentences import Sentences
from device.local.load import load_stages, make_brain
from device.local.server import EngineStartError
from device.local.stages import Choice, Turn
from device.models import ModelError
from device.settings import BrainSettings, LocalSettings, Settings, WakeSettings


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
