import re

import pytest
from support.skills import talk

from device.skills.chance.skill import CHANCE
from device.skills.skill import Meaning


def answers(intent, **slots):
    return {CHANCE.answer(Meaning(intent, slots), talk()) for _ in range(60)}


def test_a_coin_has_two_sides():
    assert answers("coin") == {"Heads.", "Tails."}


def test_a_die_has_as_many_sides_as_were_asked_for():
    assert answers("die") == {f"A {n}." for n in range(1, 7)}
    assert answers("die", sides=2.0) == {"A 1.", "A 2."}
    for said in answers("die", count=2.0):
        one, two, total = map(int, re.findall(r"\d+", said))
        assert total == one + two <= 12


@pytest.mark.parametrize("slots", [{"sides": 1.0}, {"sides": 2.5}, {"count": 0.0}, {"count": 1e9}, {"sides": -6.0}])
def test_there_are_dice_that_nobody_has(slots):
    assert answers("die", **slots) == {"I have dice with 2 to 1000 sides, and I throw at most ten at once."}


def test_a_number_lies_between_both_whichever_comes_first():
    assert answers("random_number", a=3.0, b=1.0) == {"1.", "2.", "3."}
    assert answers("random_number", a=7.0, b=7.0) == {"7."}
    assert all(1 <= int(said.rstrip(".")) <= 100 for said in answers("random_number"))
    assert answers("random_number", a=0.5, b=2.0) == answers("random_number", a=1.0, b=1e30)


def test_one_of_several_is_chosen():
    assert answers("choose", items="tea, coffee or milk") == {"I'd say tea.", "I'd say coffee.", "I'd say milk."}
    assert answers("choose", items="red", topic="blue") == {"I'd say red.", "I'd say blue."}
    (said,) = answers("choose", items="tea")
    assert said.startswith("Tell me what to choose between")
