import subprocess
import sys

import pytest
from support import tiny_voice

from device.local.stages import EngineStartError
from device.local.tts.choice import Choice
from device.local.tts.espeak import EspeakVoice
from device.local.tts.opening import open_voice
from device.local.tts.piper import PiperVoice
from device.local.tts.sonic import SonicVoice
from device.model_files.files import ModelError
from device.settings.local import LocalSettings, PiperSettings
from device.settings.tree import Settings


def opened(kind, voice, **settings):
    return open_voice(Settings(**settings), Choice(kind, voice, ""))


def test_each_kind_is_opened(tmp_path):
    assert isinstance(opened("espeak-ng", "en-gb"), EspeakVoice)
    assert isinstance(opened("cartesia", "x"), SonicVoice)
    tiny_voice.write(tmp_path / "voices")
    voice = opened("piper", "xx_XX-tiny-low", models_dir=str(tmp_path), local=LocalSettings(words_per_minute=200))
    assert isinstance(voice, PiperVoice)
    assert voice.rate == tiny_voice.RATE


def test_numbers_are_said_in_the_language(tmp_path):
    path = str(tiny_voice.write(tmp_path))
    english, german = (opened("piper", path, language=language) for language in ("en", "de"))
    sound = {
        name: sum(len(p) for p in voice.speak("5") if not isinstance(p, tuple))
        for name, voice in (("en", english), ("de", german))
    }
    assert sound["en"] != sound["de"]


@pytest.mark.parametrize(
    ("kind", "voice", "fault", "said"),
    [
        ("espeak-ng", "nobody", EngineStartError, r"local\.voice: .*nobody"),
        ("piper", "/nowhere/x.onnx", ModelError, r"piper\.voice: there is no file /nowhere/x\.onnx"),
        ("pico", "nobody", EngineStartError, r'local\.voice: Pico has no voice "nobody"'),
        ("kokoro", "nobody", ModelError, r'kokoro\.voice: Kokoro has no voice "nobody"'),
        ("kokoro", "", ModelError, "has no voice of the language"),
        ("piper", "en_US-nobody-low", ModelError, "models fetch en_US-nobody-low"),
    ],
)
def test_what_cannot_be_opened_is_named(kind, voice, fault, said):
    with pytest.raises(fault, match=said):
        opened(kind, voice)


def test_a_voice_whose_phonemes_nobody_makes_is_named(tmp_path):
    path = tiny_voice.write(tmp_path, espeak={"voice": "tlh-qq"})
    with pytest.raises(EngineStartError, match=r'piper\.voice: .*"tlh-qq"'):
        opened("piper", str(path))


def test_a_speaker_that_there_is_not(tmp_path):
    path = str(tiny_voice.write(tmp_path))
    with pytest.raises(ModelError, match=r"piper\.speaker"):
        opened("piper", path, piper=PiperSettings(voice=path, speaker=4))


def test_only_what_is_opened_is_imported():
    code = (
        "import sys; from device.local.tts.opening import open_voice; from device.local.tts.choice import Choice;"
        "from device.settings.tree import Settings; open_voice(Settings(), Choice('espeak-ng', 'en', ''));"
        "print([m for m in ('device.local.tts.piper', 'device.local.tts.sonic', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_kokoro_lacks_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"models fetch kokoro/voices/af_heart\.bin"):
        opened("kokoro", "af_heart", models_dir=str(tmp_path))
