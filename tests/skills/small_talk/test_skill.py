import pytest
from support.skills import talk

from device.language.language import load_language
from device.skills.skill import Meaning
from device.skills.small_talk.skill import SMALL_TALK


@pytest.mark.parametrize("intent", sorted(load_language("en").skills["small_talk"].intents))
def test_everything_has_an_answer_but_another(intent):
    assert bool(SMALL_TALK.answer(Meaning(intent, {}), talk())) is (intent != "another")


@pytest.mark.parametrize("intent", sorted(SMALL_TALK.again))
def test_what_can_be_had_again_is_another_one(intent):
    first = SMALL_TALK.answer(Meaning(intent, {}), talk())
    assert SMALL_TALK.answer(Meaning(SMALL_TALK.again[intent], {}), talk(last=first)) != first
