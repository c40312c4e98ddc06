import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from device.local.end_of_turn.patience import Patience, Said

PATIENCE = Patience(known=500, likely=700, doubtful=1000, open=1400)
SAID = st.builds(
    Said,
    sounds=st.floats(0, 1),
    ending=st.sampled_from(["open", "doubtful", "plain"]),
    words=st.none() | st.integers(0, 40),
    known=st.booleans(),
)


@pytest.mark.parametrize(
    ("said", "awaited"),
    [
        pytest.param(Said(0.9, known=True, words=2), 500, id="a request that is known"),
        pytest.param(Said(0.1, known=True, words=4), 500, id="the same, in a voice that leaves it open"),
        pytest.param(Said(0.02, known=True, words=4), 700, id="the same, in a voice that hesitates"),
        pytest.param(Said(0.95, words=6), 700, id="a sentence, by its words and its sound"),
        pytest.param(Said(0.2, words=6), 1000, id="a sentence in a voice that leaves it open"),
        pytest.param(Said(0.2, words=9), 700, id="a long sentence in the same voice"),
        pytest.param(Said(0.1, words=20), 1000, id="the longest sentence needs some of an end's sound"),
        pytest.param(Said(0.99, words=3), 1000, id="few words"),
        pytest.param(Said(0.99, words=None), 700, id="few words, which a question asked for"),
        pytest.param(Said(0.99, ending="doubtful", words=9), 1000, id="words that often go on"),
        pytest.param(Said(0.99, ending="open", words=9), 1400, id="words that must go on"),
        pytest.param(Said(0.02, words=9), 1400, id="a hesitation that the recogniser did not hear"),
    ],
)
def test_how_long_a_silence_is_awaited(said, awaited):
    assert PATIENCE.silence_ms(said) == awaited


@given(SAID, st.floats(0, 1))
def test_what_sounds_more_over_waits_no_longer(said, sounds):
    less, more = sorted((said.sounds, sounds))
    assert PATIENCE.silence_ms(replace(said, sounds=more)) <= PATIENCE.silence_ms(replace(said, sounds=less))


@given(SAID)
def test_words_that_go_on_wait_no_less(said):
    waits = [PATIENCE.silence_ms(replace(said, ending=ending)) for ending in ("plain", "doubtful", "open")]
    assert waits == sorted(waits)
    assert PATIENCE.silence_ms(replace(said, known=True)) <= waits[0]
