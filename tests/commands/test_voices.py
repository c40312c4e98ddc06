import json
import wave
from pathlib import Path

import numpy as np
import pytest
from support import tiny_voice

from device.audio.card.base import CardError


@pytest.fixture
def config(tmp_path):
    """A settings file by which a tiny voice speaks."""
    path = tiny_voice.write(tmp_path / "kept" / "voices")
    file = tmp_path / "parley.toml"
    file.write_text(f'models_dir = "{tmp_path / "kept"}"\n[piper]\nvoice = "{path.stem}"\n')
    return str(file)


@pytest.fixture
def played(monkeypatch):
    found = []
    monkeypatch.setattr("device.audio.card.alsa.AlsaCard", lambda settings: "card")
    monkeypatch.setattr("device.audio.aloud.play", lambda card, pcm, rate: found.append((len(pcm), rate)))
    return found


def test_the_voices_are_listed_with_their_licences_and_the_one_that_speaks(parley, config):
    said = parley("voices", "--config", config).output
    rows = {line.split()[0]: line for line in said.splitlines() if line.split()}
    assert "speaks" in rows["xx_XX-tiny-low"]
    assert "CC0-1.0 *" in rows["en_US-joe-medium"]
    assert "models fetch en_US-joe-medium" in rows["en_US-joe-medium"]
    assert "lessac" in said
    assert "the voice is piper xx_XX-tiny-low: piper.voice names it" in said


def test_what_is_no_model_file_is_said_to_be_installed(parley, config, monkeypatch):
    monkeypatch.setattr("device.local.tts.catalogue.megabytes", lambda _: 0.0)
    said = parley("voices", "--config", config).output
    (row,) = (line for line in said.splitlines() if line.split()[:1] == ["en-US"])
    assert "apt install libttspico-utils" in row


def test_a_german_voice_says_german_words(parley, config, monkeypatch):
    said = []

    def speak(settings, text, name, speed):
        said.append(text)
        return np.zeros(160, np.int16), 16_000

    monkeypatch.setattr("device.commands.voices._speak", speak)
    monkeypatch.setattr("device.commands.voices._play", lambda *_: None)
    german = Path(config).with_name("german.toml")
    german.write_text('language = "de"\nlocal.tts = "espeak-ng"')
    for name, settings in (("de", str(german)), ("en-gb", config), ("xx_XX-tiny-low", config)):
        assert parley("voices", name, "--config", settings).exit_code == 0
    assert [text.partition(",")[0] for text in said] == ["Hallo", "Hello", "Hello"]


def test_for_machines(parley, config):
    found = {one["name"]: one for one in json.loads(parley("voices", "--json", "--config", config).output)}
    assert found["xx_XX-tiny-low"]["speaks"] is True
    assert "lessac" in found["en_US-joe-medium"]["notice"]


def test_a_sample_is_played(parley, config, played):
    assert parley("voices", "xx_XX-tiny-low", "--config", config).exit_code == 0
    assert parley("say", "Hello there.", "--voice", "en-us+f3", "--config", config).exit_code == 0
    assert parley("say", "Hello there.", "--config", config).exit_code == 0
    assert [rate for _, rate in played] == [8000, 22_050, 8000]
    assert all(count > 400 for count, _ in played)


def test_what_is_said_is_recorded(parley, config, tmp_path):
    out = tmp_path / "a.wav"
    assert f"of speech are in {out}" in parley("say", "Hello.", "--out", str(out), "--config", config).output
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        first = file.getnframes()
        assert np.frombuffer(file.readframes(first), "<i2").any()
    parley("say", "Hello.", "--speed", "0.5", "--out", str(out), "--config", config)
    with wave.open(str(out)) as file:
        assert file.getnframes() >= first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("voices", "nobody"), 'no voice is called "nobody"'),
        (("say", "x", "--voice", "nobody"), 'no voice is called "nobody"'),
        (("say", "x", "--voice", "/nowhere/x.onnx"), "there is no file /nowhere/x.onnx"),
        (("say", "x", "--voice", "en_US-joe-medium"), "models fetch"),
        (("say", "..."), "nothing in this text that can be spoken"),
        (("say", ""), "nothing in this text that can be spoken"),
        (("say", "\U0001f600\x1b[0m"), ""),
        (("say", "x" * 20_001), "20001 letters"),
        (("say", "x", "--out", "/nowhere/x.wav"), "--out /nowhere/x.wav: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(parley, config, monkeypatch, arguments, said):
    def none(_settings):
        raise CardError("no microphone was found")

    monkeypatch.setattr("device.audio.card.alsa.AlsaCard", none)
    result = parley(*arguments, "--config", config)
    assert result.exit_code == 1
    assert said in result.output
    assert len(result.output.splitlines()) == 1


def test_without_a_card_it_says_how_to_record(parley, config, monkeypatch):
    def none(_settings):
        raise CardError("no microphone was found")

    monkeypatch.setattr("device.audio.card.alsa.AlsaCard", none)
    said = parley("voices", "xx_XX-tiny-low", "--config", config).output
    assert "no microphone was found" in said
    assert "say TEXT --out FILE.wav" in said


def test_a_voice_elsewhere_cannot_be_heard_here(parley, tmp_path):
    file = tmp_path / "parley.toml"
    file.write_text('[local]\ntts = "cartesia"\n[cartesia]\nvoice = "abc"\napi_key = "x"\n')
    result = parley("say", "x", "--config", str(file))
    assert result.exit_code == 1
    assert "--voice" in result.output
