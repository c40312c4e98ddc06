import shutil
import wave

import numpy as np
import pytest

from device.audio.clips import Clip, ClipError, read_wav, speak


def write(path, frames, *, rate=16_000, channels=1, width=2):
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.writeframes(frames)
    return path


TONE = (8000 * np.sin(np.arange(1600) / 5)).astype(np.int16)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_mono_file_is_read_as_it_is(tmp_path, rate):
    clip = read_wav(write(tmp_path / "a.wav", TONE.tobytes(), rate=rate))
    assert clip.rate == rate
    assert clip.samples.dtype == np.float32
    assert np.array_equal(clip.samples * 32768, TONE)


def test_a_stereo_file_is_mixed_down(tmp_path):
    both = np.stack((TONE, np.full(1600, 1000, np.int16)), axis=1)
    clip = read_wav(write(tmp_path / "a.wav", both.tobytes(), channels=2))
    assert np.allclose(clip.samples * 32768, (TONE.astype(float) + 1000) / 2)


def test_a_file_that_ends_in_mid_frame_is_read_up_to_there(tmp_path):
    path = write(tmp_path / "a.wav", TONE.tobytes() * 2, channels=2)
    path.write_bytes(path.read_bytes()[:-3])
    assert len(read_wav(path).samples) == 1599


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"width": 1}, "8-bit, 1 channels, 16000 Hz"),
        ({"width": 3}, "24-bit, 1 channels, 16000 Hz"),
        ({"channels": 4}, "16-bit, 4 channels, 16000 Hz"),
        ({"rate": 7_999}, "16-bit, 1 channels, 7999 Hz"),
        ({"rate": 96_000}, "16-bit, 1 channels, 96000 Hz"),
    ],
)
def test_another_format_is_refused_with_the_way_to_convert_it(tmp_path, settings, named):
    path = write(tmp_path / "odd one.wav", TONE.tobytes()[:2400], **settings)
    with pytest.raises(ClipError, match=rf'{named} is not accepted.*ffmpeg -i "odd one\.wav"'):
        read_wav(path)


def test_what_is_no_wav_file_is_named(tmp_path):
    missing, rubbish, cut, silent = (tmp_path / f"{name}.wav" for name in ("missing", "rubbish", "cut", "silent"))
    rubbish.write_bytes(b"rubbish that is long enough")
    cut.write_bytes(b"RIFF")
    write(silent, bytes(320))
    for path, reason in (
        (missing, "there is no such WAV file"),
        (rubbish, "not a WAV file that Parley can read"),
        (cut, "it ends early"),
        (silent, "there is no sound in it"),
        (tmp_path, "cannot be read: Is a directory"),
    ):
        with pytest.raises(ClipError, match=reason) as error:
            read_wav(path)
        assert str(path) in str(error.value)


def test_a_clip_at_another_rate_lasts_as_long():
    clip = Clip(16_000, (TONE / 32768).astype(np.float32))
    assert clip.at(16_000) is clip.samples
    moved = clip.at(48_000)
    assert len(moved) == 4800
    assert np.abs(moved).max() == pytest.approx(8000 / 32768, rel=0.05)


def test_words_are_spoken_and_faster_ones_are_shorter():
    slow, fast = speak("one two three four", "en-us", 120), speak("one two three four", "en-us", 240)
    assert np.abs(slow.samples).max() > 0.1
    assert len(fast.samples) < 0.75 * len(slow.samples)
    assert speak("one two three four", "en-us", 120) is slow, "it is kept"


@pytest.mark.parametrize(
    ("text", "voice", "message"),
    [
        ("hello", "xx-nowhere", 'cannot speak with the voice "xx-nowhere"'),
        ("hello", "en-us+nobody", r'no voice variant "nobody" \(in "en-us\+nobody"\)'),
        ("", "en-us", 'finds nothing to say in the text ""'),
    ],
)
def test_what_cannot_be_spoken_is_said(text, voice, message):
    with pytest.raises(ClipError, match=message):
        speak(text, voice, 160)


def test_without_espeak_ng_its_package_is_named(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ClipError, match="apt install espeak-ng"):
        speak("said for the first time here", "en-us", 160)
