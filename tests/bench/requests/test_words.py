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
        ("at eight o'clock", "At 8:00."),
        ("set an alarm for seven a m", "Set an alarm for 7:00 a.m."),
        ("six foot two in centimetres", "6 foot 2 in centimeters"),
        ("when is sunrise tomorrow", "When is sunrise to-morrow?"),
        ("help, I've fallen and I can't get up", "Help! I have fallen and I cannot get up."),
        ("don't", "do not"),
    ],
)
def test_what_is_only_spelt_in_another_way_is_the_same(one, other):
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("the timer's name", "the timer is name"),
        ("eight o'clock", "eight"),
        ("at 8:30", "at 8:00"),
        ("volume fifty percent", "volume fifteen percent"),
        ("two thirds", "23rd"),
        ("what's the news", "what the news"),
    ],
)
def test_what_says_something_else_is_not(said, heard):
    assert words(said) != words(heard)


@pytest.mark.parametrize(
    ("said", "heard", "count"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a", "b a c", 2), ("a b", "", 2), ("", "", 0)],
)
def test_errors_are_words_to_change_add_or_take_away(said, heard, count):
    assert errors(said.split(), heard.split()) == count


def test_the_rate_is_of_all_words():
    assert word_error_rate([("one two three four", "1 2 3"), ("stop", "stop")]) == pytest.approx(20)
    assert word_error_rate([]) != word_error_rate([]), "there is none"
