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
