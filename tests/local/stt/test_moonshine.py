"""Which Moonshine the local engine hears with."""

import logging

import pytest

from device.listen.moonshine import EXPECTED, UNDERSTOOD, Heard
from device.local.stt import moonshine
from device.local.stt.expected import Expected
from device.settings.tree import LocalSettings, Settings, WakeSettings


@pytest.fixture
def machine(monkeypatch):
    return lambda mb: monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: mb)


@pytest.mark.parametrize(
    ("stt", "mb", "size"),
    [
        ("moonshine", 1850, "base"),
        ("moonshine", 900, "tiny"),
        ("moonshine-base", 900, "base"),
        ("moonshine-tiny", 8000, "tiny"),
    ],
)
def test_it_goes_by_the_memory_and_the_setting(models, machine, stt, mb, size):
    models("moonshine_base_en/encoder.onnx")
    machine(mb)
    found = moonshine.ears(Settings(local=LocalSettings(stt=stt)))
    assert (found.size, found.worse) == (size, False)


def test_base_that_is_not_there_is_told_of_and_tiny_taken(models, machine, tmp_path, caplog):
    machine(1850)
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        path = tmp_path / f"moonshine_tiny_en/{name}"
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(models(f"moonshine_tiny_en/{name}"))
    with caplog.at_level(logging.INFO):
        name, recogniser = moonshine.load(Settings(models_dir=str(tmp_path)), lambda _: [])
    recogniser.warm_up()
    assert name == "moonshine-tiny-en"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "tiny" in caplog.text
    assert "models fetch" in caplog.text


def test_what_the_brain_understands_is_taken(monkeypatch, models):
    models("moonshine_tiny_en/encoder_model.ort")
    asked = []

    class Scripted:
        def hear(self, pcm, understood, addresses):
            asked.append(understood("call for Zorro"))
            return Heard("call for Zorro", -0.1)

        def warm_up(self):
            asked.append("warm")

    monkeypatch.setattr(moonshine, "load_moonshine", lambda *_: Scripted())
    _, recogniser = moonshine.load(Settings(local=LocalSettings(stt="moonshine-tiny")), lambda text: text.split()[2:])
    recogniser.warm_up()
    assert recogniser.transcribe(b"") == "call for Zorro"
    recogniser.transcribe(b"", ["Zorro"])
    assert asked == ["warm", UNDERSTOOD, EXPECTED]
    assert recogniser.doubt("call for Zorro") == "none"


def hears(*said):
    """Return a recogniser that hears this, one after the other."""
    left = list(said)

    class Scripted:
        def hear(self, pcm, understood, addresses):
            return left.pop(0)

    return moonshine.MoonshineRecogniser(Scripted(), Expected(lambda _: None, "en"))


def test_what_it_was_unsure_of_is_remembered_for_a_while():
    others = [Heard(str(n), moonshine.DOUBT - 1) for n in range(20)]
    recogniser = hears(Heard("what a sermon", moonshine.DOUBT - 0.1), *others)
    assert recogniser.doubt(recogniser.transcribe(b"")) == "ending"
    assert recogniser.doubt("what a serpent") == "none"
    for _ in range(20):
        recogniser.transcribe(b"")
    assert recogniser.doubt("what a sermon") == "none"


def test_words_may_be_sure_whose_end_is_not():
    unsure = moonshine.DOUBT_OF_WORDS - 0.1
    recogniser = hears(
        Heard("who are you", -0.6, -0.4), Heard("but excellent", unsure, unsure), Heard("", unsure, unsure)
    )
    assert recogniser.doubt(recogniser.transcribe(b"")) == "ending"
    assert recogniser.doubt(recogniser.transcribe(b"")) == "words"
    assert recogniser.doubt(recogniser.transcribe(b"")) == "none"


def test_what_is_heard_clearly_is_in_doubt_no_more():
    recogniser = hears(Heard("what time is it", -0.9, -0.9), Heard("what time is it", -0.1, -0.1))
    for doubt in ("words", "none"):
        assert recogniser.doubt(recogniser.transcribe(b"")) == doubt


def test_the_wake_words_are_no_part_of_what_is_said(monkeypatch):
    given = []

    class Scripted:
        def hear(self, pcm, understood, addresses):
            given.append(addresses)
            return Heard("", 0.0)

    monkeypatch.setattr(moonshine, "load_moonshine", lambda *_: Scripted())
    settings = Settings(local=LocalSettings(stt="moonshine-tiny"), wake=WakeSettings(models=("hey_jarvis", "alexa")))
    _, recogniser = moonshine.load(settings, lambda _: [])
    assert recogniser.transcribe(b"") == ""
    assert given == [("hey jarvis", "alexa")]
