import pytest
from support.skills import talk

from device.skills.skill import Meaning
from device.skills.spelling.skill import SPELLING


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("necessary", "Necessary: N, E, C, E, S, S, A, R, Y."),
        ("ice cream", "Ice cream: I, C, E; C, R, E, A, M."),
        ("40", "Forty: F, O, R, T, Y."),
        ("café", "Café: C, A, F, É."),
        ("their", "Their: T, H, E, I, R; or there, T, H, E, R, E."),
    ],
)
def test_a_word_is_spelt(word, said):
    assert SPELLING.answer(Meaning("spell", {"word": word}), talk()) == said


def test_letters_are_counted():
    assert SPELLING.answer(Meaning("count_letters", {"word": "banana"}), talk()) == "Banana has 6 letters."
    assert SPELLING.answer(Meaning("count_letters", {"word": "i"}), talk()) == "I has one letter."
