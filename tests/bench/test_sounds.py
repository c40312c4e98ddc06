import shutil
import wave

import numpy as np
import pytest

from device.audio.measure import speech_bounds, speech_level
from device.bench.sounds import INDEX, SOUNDS, SoundError, load
from device.sample_clock import CLOCK_RATE


@pytest.fixture(scope="module")
def sounds():
    return load()


def of(sounds, kind):
    return [sound for sound in sounds if sound.kind == kind]


def test_every_file_in_the_folder_is_in_the_index_once(sounds):
    assert sorted(sound.file for sound in sounds) == sorted(SOUNDS.glob("*/*.wav"))


def test_all_are_small_enough_to_be_bundled(sounds):
    assert sum(sound.file.stat().st_size for sound in sounds) <= 10 * 2**20


@pytest.mark.parametrize("kind", ["interruptions", "backchannels", "wake"])
def test_at_least_ten_voices_of_five_synthesizers_speak(sounds, kind):
    assert len({sound.voice for sound in of(sounds, kind)}) >= 10
    assert len({sound.synthesizer for sound in of(sounds, kind)}) >= 5


@pytest.mark.parametrize(("kind", "least"), [("interruptions", 6), ("backchannels", 6), ("pauses", 4), ("complete", 4)])
def test_each_voice_says_enough(sounds, kind, least):
    voices = [sound.voice for sound in of(sounds, kind)]
    assert min(voices.count(voice) for voice in set(voices)) >= least


def test_each_kind_of_noise_comes_in_three_variants(sounds):
    kinds = [sound.voice for sound in of(sounds, "noises")]
    assert set(kinds) == {"cough", "door", "dishes", "typing", "music", "burst"}
    assert min(kinds.count(kind) for kind in set(kinds)) >= 3


def test_what_is_spoken_has_the_level_of_speech_and_little_silence_around_it(sounds):
    for sound in sounds:
        track = sound.samples()
        bounds = speech_bounds(track, CLOCK_RATE)
        assert np.abs(track.astype(int)).max() < 32000, sound.file
        if sound.kind != "noises":
            assert speech_level(track, CLOCK_RATE) == pytest.approx(-26, abs=0.3), sound.file
            assert bounds[0] < 0.12 * CLOCK_RATE, sound.file
            assert len(track) - bounds[1] < 0.25 * CLOCK_RATE, sound.file


def test_the_pauses_are_silent_and_as_long_as_their_name_says(sounds):
    lengths = []
    for sound in of(sounds, "pauses"):
        track, (begin, end) = sound.samples(), (round(at * CLOCK_RATE) for at in sound.pause)
        assert "…" in sound.text
        assert not track[begin + 16 : end - 16].any(), sound.file
        assert speech_level(track[:begin], CLOCK_RATE) > -32, sound.file
        assert speech_level(track[end:], CLOCK_RATE) > -32, sound.file
        lengths.append((end - begin) / CLOCK_RATE)
    assert min(lengths) >= 0.49
    assert max(lengths) <= 0.91
    assert np.histogram(lengths, 4, (0.5, 0.9))[0].min() >= 3


def test_the_second_voices_talk_for_three_to_six_seconds_some_over_music(sounds):
    distant = of(sounds, "distant")
    assert len(distant) >= 10
    assert sum("music" in sound.file.stem for sound in distant) >= 4
    assert all(2.7 < len(sound.samples()) / CLOCK_RATE < 6 for sound in distant)


def test_the_backchannels_are_short(sounds):
    for sound in of(sounds, "backchannels"):
        assert 0.15 < len(sound.samples()) / CLOCK_RATE < 0.85, sound.file


def test_the_replies_are_long_and_from_four_synthesizers(sounds):
    replies = of(sounds, "replies")
    assert len({sound.synthesizer for sound in replies}) >= 4
    assert all(7.9 < len(sound.samples()) / CLOCK_RATE < 16 for sound in replies)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pauses").mkdir()
    shutil.copy(next((SOUNDS / "pauses").glob("*.wav")), tmp_path / "pauses" / "one.wav")
    return tmp_path


def index(folder, **changes):
    entry = {"file": "pauses/one.wav", "kind": "pauses", "voice": "me", "text": "a … b", "synthesizer": "none"}
    lines = [f"{key} = {value!r}" for key, value in ({**entry, "pause": [0.5, 1.0]} | changes).items()]
    (folder / INDEX).write_text("\n".join(["[[sound]]", *lines]))


def test_a_folder_of_ones_own_is_loaded(folder):
    index(folder)
    (sound,) = load(folder)
    assert sound.file == folder / "pauses" / "one.wav"
    assert sound.pause == (0.5, 1.0)
    assert sound.samples().dtype == np.int16


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"file": "pauses/two.wav"}, "two.wav is missing"),
        ({"file": "elsewhere/one.wav"}, "move it to pauses/"),
        ({"kind": "pause"}, "the kinds are interruptions"),
        ({"voice": ""}, "voice"),
        ({"colour": "blue"}, "colour"),
        ({"pause": [0.5, 100.0]}, "does not lie within"),
        ({"pause": [1.0, 0.5]}, "does not lie within"),
    ],
)
def test_a_wrong_entry_is_named(folder, changes, said):
    index(folder, **changes)
    with pytest.raises(SoundError, match=said):
        load(folder)


def test_a_pause_without_its_place_is_named(folder):
    index(folder)
    text = (folder / INDEX).read_text()
    (folder / INDEX).write_text(text.replace("pause = [0.5, 1.0]", ""))
    with pytest.raises(SoundError, match="need pause ="):
        load(folder)


def test_a_folder_without_an_index_is_named(tmp_path):
    with pytest.raises(SoundError, match=r"index\.toml is missing"):
        load(tmp_path)


def test_an_index_that_is_not_toml_is_named(tmp_path):
    (tmp_path / INDEX).write_text("[[sound")
    with pytest.raises(SoundError, match="is not TOML"):
        load(tmp_path)


def test_a_file_of_another_form_is_named(folder):
    index(folder)
    with wave.open(str(folder / "pauses" / "one.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.ones(9600, np.int16).tobytes())
    with pytest.raises(SoundError, match=r"48000 Hz, 2 channels.*ffmpeg"):
        load(folder)


def test_a_file_that_is_no_wav_or_silent_is_named(folder):
    index(folder)
    (folder / "pauses" / "one.wav").write_bytes(b"nothing of the kind")
    with pytest.raises(SoundError, match="is not a WAV file"):
        load(folder)
    with wave.open(str(folder / "pauses" / "one.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CLOCK_RATE)
        file.writeframes(bytes(64_000))
    with pytest.raises(SoundError, match="is silent"):
        load(folder)
