from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.skills.arithmetic.sums import Sum, SumError, Sums, fraction_words

ENGLISH = load_language("en")


def work_out(text):
    sums = []
    rest = Sums(ENGLISH).replace(text, lambda found: sums.append(found) or "<>")
    return [found.value() for found in sums], rest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12 times 7", 84),
        ("2 plus 3 times 4", 14),
        ("2 times 3 plus 4", 10),
        ("10 minus 4 minus 3", 3),
        ("100 divided by 8", 12.5),
        ("15 percent of 80", 12),
        ("2 to the power of 10", 1024),
        ("minus 5 plus 3", -2),
        ("5 minus minus 3", 8),
        ("3 multiplied by 3", 9),
        ("7 over 2", 3.5),
        ("0.5 plus 0.25", 0.75),
        ("6 x 7", 42),
        ("20 take away 5", 15),
    ],
)
def test_sums(text, value):
    assert work_out(f"what is {text}") == ([value], "what is <>")


@pytest.mark.parametrize("text", ["12", "a plus", "times 7", "5 kilometres", "5 and 6", "what is 2.5"])
def test_no_sums(text):
    assert work_out(text) == ([], text)


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=5), st.data())
def test_sums_agree_with_python(numbers, data):
    signs = data.draw(
        st.lists(st.sampled_from(["plus", "minus", "times"]), min_size=len(numbers) - 1, max_size=len(numbers) - 1)
    )
    said = [f"minus {-n}" if n < 0 else str(n) for n in numbers]
    formula = " ".join([said[0], *(f"{sign} {n}" for sign, n in zip(signs, said[1:], strict=True))])
    wanted = eval(formula.replace("minus", "-").replace("plus", "+").replace("times", "*"))  # our own numbers
    assert work_out(formula) == ([wanted], "<>")


@pytest.mark.parametrize(
    ("numbers", "sign", "why"),
    [
        ([1.0, 0.0], "/", "divided_by_zero"),
        ([10.0, 1000.0], "^", "too_large"),
        ([1e90, 1e90], "*", "too_large"),
        ([0.0, -1.0], "^", "divided_by_zero"),
        ([-8.0, 0.5], "^", "not_real"),
    ],
)
def test_no_answer(numbers, sign, why):
    with pytest.raises(SumError, match=why):
        Sum(numbers, [sign]).value()


def test_a_sum_is_said():
    assert Sum([12.0, -7.5, 2.0], ["*", "+"]).said(ENGLISH) == "12 times minus 7.5 plus 2"


@pytest.mark.parametrize(
    ("said", "numbers", "operators"),
    [
        ("3 eighths plus a quarter", [0.375, 0.25], ["+"]),
        ("half times half", [0.5, 0.5], ["*"]),
        ("minus a quarter plus 2", [-0.25, 2.0], ["+"]),
    ],
)
def test_a_fraction_is_a_number_of_a_sum(said, numbers, operators):
    found = []
    Sums(load_language("en")).replace(said, lambda task: found.append(task) or "")
    assert [(task.numbers, task.operators) for task in found] == [(numbers, operators)]


@pytest.mark.parametrize("said", ["half past 3", "a quarter of 8", "a third", "half an hour"])
def test_a_fraction_alone_is_no_sum(said):
    assert Sums(load_language("en")).replace(said, lambda _: "sum") == said


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Fraction(5, 8), "5 eighths"),
        (Fraction(3, 2), "1 and 1 half"),
        (Fraction(-1, 4), "minus 1 quarter"),
        (Fraction(2), ""),
        (Fraction(1, 97), ""),
    ],
)
def test_a_fraction_is_said_by_its_name(part, said):
    assert fraction_words(part, load_language("en")) == said
