"""Which texts are to be expected."""

import pytest

from device.listen.moonshine import EXPECTED, UNDERSTOOD
from device.local.brain.sentences import Sentences
from device.local.stt.expected import Expected


@pytest.fixture(scope="module")
def expected():
    return Expected(Sentences("en", ["Parley"]).free_words, "en")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cancel the pasta timer.", EXPECTED),
        ("Set a timer for twenty-five minutes.", EXPECTED),
        ("What's the time?", EXPECTED),
        ("Two hours.", EXPECTED),
        ("Cancel the positive timer.", UNDERSTOOD),
        ("Console the timer.", 0),
        ("The egg timer.", EXPECTED),
        ("The ague timer.", 0),
        ("Pasta.", 0),
        ("Past a timer.", 0),
        ("Wake me up at half-past six.", EXPECTED),
        ("Convert five miles to kilometers.", EXPECTED),
        ("What time is it in New York?", UNDERSTOOD),
        ("Set an alarm for.", UNDERSTOOD),
        ("Set an ague for.", 0),
        ("Play some jars.", 0),
        ("The quick brown fox.", 0),
        ("", 0),
    ],
)
def test_texts(expected, text, found):
    assert expected(text) == found


def test_names_that_may_be_spoken_of_are_expected(expected):
    text = "Cancel the pastitsio timer."
    assert expected(text) == UNDERSTOOD
    assert expected.among(["my pastitsio", "x"])(text) == EXPECTED
    assert expected.among([]) is expected


def test_a_language_without_names_has_its_sentences():
    assert Expected(lambda _: [], "en")("timer") == EXPECTED
