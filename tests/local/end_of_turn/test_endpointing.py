import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from device.local.end_of_turn.endpointing import EndpointingDelays, Evidence

DELAYS = EndpointingDelays(sure=400, known=500, complete=700, uncertain=1000, incomplete=1400)
EVIDENCE = st.builds(
    Evidence,
    prosody=st.floats(0, 1),
    completeness=st.sampled_from(["incomplete", "uncertain", "complete"]),
    words=st.none() | st.integers(0, 40),
    known=st.booleans(),
)


@pytest.mark.parametrize(
    ("evidence", "awaited"),
    [
        pytest.param(Evidence(0.9, known=True, words=2), 400, id="a request that is known, and sounds over"),
        pytest.param(Evidence(0.3, known=True, words=2), 500, id="a request that is known"),
        pytest.param(Evidence(0.1, known=True, words=4), 500, id="the same, in a voice that leaves it open"),
        pytest.param(Evidence(0.02, known=True, words=4), 700, id="the same, in a voice that hesitates"),
        pytest.param(
            Evidence(0.9, "incomplete", 6, doubt="ending"), 700, id="an ending in doubt, which looks unfinished"
        ),
        pytest.param(Evidence(0.9, "incomplete", 3, doubt="words"), 1000, id="few words in doubt"),
        pytest.param(Evidence(0.97, words=3, known=True, doubt="words"), 1000, id="a request of few words, in doubt"),
        pytest.param(Evidence(0.97, words=6, known=True, doubt="words"), 700, id="a request of more, in doubt"),
        pytest.param(Evidence(0.97, words=3, known=True, doubt="ending"), 400, id="… whose ending alone is"),
        pytest.param(Evidence(0.2, "incomplete", 6, doubt="ending"), 1000, id="the same, left open by the sound"),
        pytest.param(Evidence(0.02, "incomplete", 5, doubt="ending"), 1400, id="the same, in a voice that hesitates"),
        pytest.param(Evidence(0.95, words=6), 700, id="a sentence, by its words and its sound"),
        pytest.param(Evidence(0.2, words=6), 1000, id="a sentence in a voice that leaves it open"),
        pytest.param(Evidence(0.2, words=9), 700, id="a long sentence in the same voice"),
        pytest.param(Evidence(0.1, words=20), 1000, id="the longest sentence needs some of an end's sound"),
        pytest.param(Evidence(0.99, words=3), 1000, id="few words"),
        pytest.param(Evidence(0.99, words=None), 700, id="few words, which a question asked for"),
        pytest.param(Evidence(0.99, completeness="uncertain", words=9), 1000, id="words that often go on"),
        pytest.param(Evidence(0.99, completeness="incomplete", words=9), 1400, id="words that must go on"),
        pytest.param(Evidence(0.02, words=9), 1400, id="a hesitation that the recogniser did not hear"),
    ],
)
def test_how_long_a_silence_is_awaited(evidence, awaited):
    assert DELAYS.silence_ms(evidence) == awaited


@given(EVIDENCE, st.floats(0, 1))
def test_what_sounds_more_over_waits_no_longer(evidence, prosody):
    less, more = sorted((evidence.prosody, prosody))
    assert DELAYS.silence_ms(replace(evidence, prosody=more)) <= DELAYS.silence_ms(replace(evidence, prosody=less))


@given(EVIDENCE)
def test_words_that_go_on_wait_no_less(evidence):
    waits = [
        DELAYS.silence_ms(replace(evidence, completeness=completeness))
        for completeness in ("complete", "uncertain", "incomplete")
    ]
    assert waits == sorted(waits)
    assert DELAYS.silence_ms(replace(evidence, known=True)) <= waits[0]
