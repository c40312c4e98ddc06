import numpy as np
import pytest

from device.audio.measure import speech_level
from device.bench.requests.plan import Request, load
from device.bench.requests.spoken import in_room, sounds
from device.bench.result import BenchError
from device.sample_clock import CLOCK_RATE


def test_each_of_the_bundled_requests_is_said_and_four_voices_share_them():
    said = sounds(load())
    assert [request.say for request, _ in said] == [request.say for request in load()]
    voices = [sound.voice for _, sound in said]
    assert {voices.count(voice) for voice in voices} == {15}
    assert len({sound.synthesizer for _, sound in said}) == 3


def test_a_request_that_nobody_says_is_named_with_the_fix():
    with pytest.raises(BenchError, match=r'nobody says "hush".*scripts/sounds'):
        sounds([Request(say="hush", answer="x")])


def test_a_folder_that_is_none_is_told(tmp_path):
    with pytest.raises(BenchError, match=r"index\.toml is missing"):
        sounds(load(), tmp_path)


def test_the_room_is_quiet_and_the_same_each_time():
    _, sound = sounds(load())[0]
    heard = in_room(sound, 3)
    assert heard.dtype == np.int16
    assert np.array_equal(heard, in_room(sound, 3))
    assert len(heard) > len(sound.samples()) + CLOCK_RATE // 2
    before = heard[: CLOCK_RATE // 4].astype(float) / 32768
    assert 20 * np.log10(np.sqrt(np.mean(before**2))) == pytest.approx(-60, abs=3)
    assert speech_level(heard.astype(float), CLOCK_RATE) == pytest.approx(-26, abs=3)
