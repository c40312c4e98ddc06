import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.bench import voices
from device.bench.requests.words import errors
from device.bench.result import BenchError, Job
from device.local.tts.spoken import Spoken
from device.settings.local import CartesiaSettings, LocalSettings
from device.settings.tree import Settings

WORDS = st.lists(st.sampled_from("abc"), max_size=8)


@pytest.mark.parametrize(
    ("text", "heard", "errors", "words"),
    [
        ("It is 21 °C.", "it is twenty one degrees celsius", 0, 6),
        ("Your timer's set.", "Your timers set", 0, 3),
        ("Okay.", "OK", 0, 1),
        ("The light is on.", "The lied is on", 1, 4),
        ("The light is on.", "", 4, 4),
        ("Done.", "All done now", 2, 1),
    ],
)
def test_what_was_heard_is_compared_in_words(text, heard, errors, words):
    tone = (8000 * np.sin(np.arange(8000) * 0.3)).astype(np.int16)
    said = voices.judge(text, heard, tone, 8000, times=(0.1, 0.3), words=Spoken("en"))
    assert (said.errors, said.words) == (errors, words)
    assert (said.first_ms, said.cpu_s, said.seconds) == (100, 0.3, 1.0)
    assert said.level == pytest.approx(-15.3, abs=0.2)
    assert said.peak == pytest.approx(8000 / 32767, rel=0.01)


@given(WORDS, WORDS, WORDS)
def test_the_distance_is_one(one, other, third):
    assert errors(one, other) == errors(other, one)
    assert (errors(one, other) == 0) == (one == other)
    assert errors(one, third) <= errors(one, other) + errors(other, third)
    assert abs(len(one) - len(other)) <= errors(one, other) <= max(len(one), len(other))


def test_a_voice_elsewhere_is_not_measured():
    settings = Settings(local=LocalSettings(tts="cartesia"), cartesia=CartesiaSettings(voice="x"))
    with pytest.raises(BenchError, match=r"local\.tts"):
        voices.measure(Job(settings=settings))


def test_the_voice_in_force_is_measured(models):
    models("moonshine_tiny_en/encoder_model.ort")
    settings = Settings(local=LocalSettings(tts="espeak-ng"))
    result = voices.measure(Job(settings=settings, quick=True))
    figures = {figure.name: figure.value for figure in result.figures}
    assert 0 <= figures["words misheard, kept"] <= 100
    assert figures["highest peak"] < 1
    assert figures["level off the usual"] < voices.LEVEL_DB
    assert len(result.details) == 8
    assert {one["half"] for one in result.details} == {"built", "kept"}
