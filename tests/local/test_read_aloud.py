import io

import numpy as np

from device.local import read_aloud as module
from device.local.read_aloud import read_aloud, speech, voice_for
from device.local.stages import EngineStartError, Word
from device.local.tts.espeak import EspeakVoice
from device.settings.local import CartesiaSettings, LocalSettings
from device.settings.tree import Settings
from device.settings.types import Secret


def test_a_text_is_written_as_its_rate_and_its_speech(tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('[local]\ntts = "espeak-ng"\n')
    out = io.BytesIO()
    read_aloud("This is your reminder: turn off the oven.", config, out)
    rate, _, pcm = out.getvalue().partition(b"\n")
    samples = np.frombuffer(pcm, "<i2")
    assert 1.5 < len(samples) / int(rate) < 6
    assert np.abs(samples).max() > 3000


def test_a_voice_that_cannot_speak_is_replaced(monkeypatch, capsys):
    def fails(*_):
        raise EngineStartError("no such voice")

    monkeypatch.setattr(module, "open_voice", fails)
    assert isinstance(voice_for(Settings()), EspeakVoice)
    assert "no such voice" in capsys.readouterr().err


def test_a_voice_elsewhere_is_not_asked():
    settings = Settings(local=LocalSettings(tts="cartesia"), cartesia=CartesiaSettings(api_key=Secret("key")))
    assert isinstance(voice_for(settings), EspeakVoice)


def test_a_text_without_words_is_no_failure():
    assert len(speech(EspeakVoice(), "")) < 48_000


def test_a_voice_that_tells_its_words_too_is_heard_all_the_same():
    class Telling:
        rate = 16_000

        def speak(self, text, speed=1.0):
            yield np.ones(5, np.int16)
            yield (Word("turn", 0.0, 100.0), Word("off", 100.0, 200.0))
            yield np.ones(3, np.int16)

    assert speech(Telling(), "turn off").tolist() == [1] * 8
