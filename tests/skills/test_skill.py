import pytest
from support.skills import Machine, talk

from device.skills.skill import Meaning, Skill


def test_a_number_was_said_or_there_is_none():
    meaning = Meaning("add", {"a": 2.0, "b": "many"})
    assert meaning.number("a") == 2.0
    assert meaning.number("c", 7) == 7.0
    for slot in ("b", "c"):
        with pytest.raises(ValueError, match=slot):
            meaning.number(slot)


def test_what_is_said_is_not_said_again():
    first = talk().phrase("unknown")
    assert talk(last=first).phrase("unknown") != first
    assert talk(count=1).phrase("unknown") != first
    assert talk().reply("joke") != talk(count=1).reply("joke")


def test_a_skill_needs_no_more_than_a_name():
    skill = Skill(name="small_talk")
    assert skill.tools(Machine().device) == []
    assert skill.answer(Meaning("joke", {}), talk()) == talk().reply("joke")
    assert skill.arguments(Meaning("joke", {}), talk()) == {}
    assert skill.out_of_range("loudness", 7.0, 5.0, talk()) == "I cannot change it by that much."
