"""The synthesizers, of which espeak-ng is on every machine of ours."""

from types import SimpleNamespace

import numpy as np
import pytest
from support.rooms import write_wav

from scripts.soundmaker import voices
from scripts.soundmaker.voices import Voice

TEXT = "What can you do for me today?"


def espeak(**how):
    return Voice(name="ann", synthesizer="espeak-ng", voice="en-gb", **how)


def pitch(said):
    """Return the fundamental frequency (Hz) of the loudest 40 ms."""
    size = 640
    frames = said[: len(said) // size * size].reshape(-1, size)
    loudest = frames[np.argmax(np.sum(frames**2, axis=1))]
    likeness = np.correlate(loudest, loudest, "full")[size - 1 :]
    return 16_000 / (40 + int(np.argmax(likeness[40:320])))


def test_a_voice_says_a_text_at_the_clocks_rate():
    said = espeak().says(TEXT)
    assert said.dtype == np.float64
    assert 0.8 < len(said) / 16_000 < 4
    assert 0.1 < np.abs(said).max() <= 1.01


def test_a_faster_voice_is_shorter():
    assert len(espeak(rate=1.4).says(TEXT)) < 0.85 * len(espeak().says(TEXT))


def test_a_shorter_vocal_tract_is_higher_and_no_faster():
    usual, short = espeak().says("aaa"), espeak(shift=1.3).says("aaa")
    assert pitch(short) > 1.1 * pitch(usual)
    whole, shifted = espeak().says(TEXT), espeak(shift=1.3).says(TEXT)
    assert len(shifted) == pytest.approx(len(whole), rel=0.12)


@pytest.mark.parametrize(
    ("synthesizer", "command", "given"),
    [
        ("mbrola", ["espeak-ng", "-v", "v", "-s", "210", "-p", "60"], None),
        ("flite", ["flite", "-voice", "v", "--setf", "duration_stretch=0.8333", "--setf", "f0_shift=1.2000"], None),
        ("rhvoice", ["RHVoice-test", "-p", "v", "-r", "120", "-t", "120"], "Hello."),
        ("festival", ["text2wave", "-eval"], "Hello."),
        ("pico", ["pico2wave", "-l", "v"], None),
    ],
)
def test_each_synthesizer_is_told_in_its_own_way(monkeypatch, synthesizer, command, given):
    ran = []

    def run(arguments, **how):
        ran.append((arguments, how["input"]))
        file = next(one for one in arguments if one.endswith(".wav"))
        write_wav(voices.Path(file), np.ones(1600, np.int16), 16_000)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(voices.shutil, "which", lambda name: name)
    monkeypatch.setattr(voices, "subprocess", SimpleNamespace(run=run))
    voice = Voice(name="x", synthesizer=synthesizer, voice="v", rate=1.2, pitch=1.2)
    assert len(voice.says("Hello.")) == 1600
    ((arguments, told),) = ran
    assert list(arguments[: len(command)]) == command
    assert told == given
    assert given is not None or any("Hello." in one for one in arguments)


def test_a_synthesizer_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="espeak-ng is missing; the packages are named at the head of scripts/sounds"):
        espeak().says(TEXT)


def test_a_synthesizer_that_fails_is_told_with_what_it_said(monkeypatch, tmp_path):
    (tmp_path / "espeak-ng").write_text("#!/bin/sh\necho no such voice >&2\nexit 1\n")
    (tmp_path / "espeak-ng").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(SystemExit, match=r"espeak-ng -v en-gb .* failed: no such voice"):
        espeak().says(TEXT)
