import pytest
from support.skills import talk

from device.skills.arithmetic.skill import ARITHMETIC
from device.skills.arithmetic.sums import Sum
from device.skills.skill import Meaning


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("sum", {"sum": Sum([12.0, 7.0], ["*"])}, "12 times 7 is 84."),
        ("add", {"a": 2.0, "b": 3.0}, "2 plus 3 is 5."),
        ("total", {"a": 14.0, "b": 9.0, "c": 23.0}, "14 plus 9 plus 23 is 46."),
        ("subtract", {"a": 20.0, "b": 5.0}, "20 minus 5 is 15."),
        ("multiply", {"a": 7.0}, "7 times 2 is 14."),
        ("divide", {"a": 9.0}, "9 divided by 2 is 4.5."),
        ("percent", {"a": 15.0, "b": 80.0}, "15 percent of 80 is 12."),
        ("square", {"a": 12.0}, "12 to the power of 2 is 144."),
        ("cube", {"a": 3.0}, "3 to the power of 3 is 27."),
        ("square_root", {"a": 144.0}, "The square root of 144 is 12."),
        ("square_root", {"a": -4.0}, "The square root of a negative number is not a real number."),
        ("cube_root", {"a": -27.0}, "The cube root of minus 27 is minus 3."),
        ("divide", {"a": 5.0, "b": 0.0}, "Nothing can be divided by zero."),
        ("square", {"a": "many"}, "I cannot work that out."),
        ("square", {}, "I cannot work that out."),
    ],
)
def test_sums_are_answered(intent, slots, answer):
    assert ARITHMETIC.answer(Meaning(intent, slots), talk()) == answer


TWENTY_ONE = Meaning("sum", {"sum": Sum([7.0, 3.0], ["*"])})
A_FIFTH = Meaning("sum", {"sum": Sum([20.0, 345.0], ["%"])})


@pytest.mark.parametrize(
    ("intent", "slots", "before", "answer"),
    [
        ("then_square", {}, TWENTY_ONE, "21 to the power of 2 is 441."),
        ("then_add", {"b": 4.0}, TWENTY_ONE, "21 plus 4 is 25."),
        ("then_divide", {"b": 3.0}, TWENTY_ONE, "21 divided by 3 is 7."),
        ("then_divide", {}, TWENTY_ONE, "21 divided by 2 is 10.5."),
        ("then_percent", {"a": 10.0}, TWENTY_ONE, "10 percent of 21 is 2.1."),
        ("then_with_it", {}, A_FIFTH, "345 plus 20 percent is 414."),
        ("then_without_it", {}, A_FIFTH, "345 minus 20 percent is 276."),
        ("then_with_it", {}, TWENTY_ONE, "I cannot work that out."),
        ("then_add", {"b": 1.0}, Meaning("then_square", {"before": TWENTY_ONE}), "441 plus 1 is 442."),
        ("then_divide", {"b": 0.0}, TWENTY_ONE, "Nothing can be divided by zero."),
    ],
)
def test_a_sum_goes_on_from_the_one_before(intent, slots, before, answer):
    assert ARITHMETIC.answer(Meaning(intent, {**slots, "before": before}), talk()) == answer


def test_fractions_are_answered_as_fractions():
    task = Sum([0.375, 0.25], ["+"], {0: "3 eighths", 1: "a quarter"})
    assert ARITHMETIC.answer(Meaning("sum", {"sum": task}), talk()) == "3 eighths plus a quarter is 5 eighths: 0.625."


def test_an_average_is_told():
    assert ARITHMETIC.answer(Meaning("average", {"a": 4.0, "b": 8.0, "c": 12.0}), talk()) == "The average is 8."
