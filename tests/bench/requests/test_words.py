import pytest

from device.bench.requests.words import errors, word_error_rate, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("set a timer for ten minutes", "Set a timer for 10 minutes."),
        ("what is the time", "What's the time?"),
        ("twenty-three per cent", "23%"),
        ("how many kilometres", "How many kilometers?"),
        ("seven a m", "7am"),
    ],
)
def test_what_is_only_spelt_in_another_way_is_the_same(one, other):
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a", "b a c", 2), ("a b", "", 2), ("", "", 0)],
)
def test_errors_are_words_to_change_add_or_take_away(said, heard, count):
    assert errors(said.split(), heard.split()) == count


def test_the_rate_is_of_all_words():
    assert word_error_rate([("one two three four", "1 2 3"), ("stop", "stop")]) == pytest.approx(20)
    assert word_error_rate([]) != word_error_rate([]), "there is none"
