import pytest
from support.skills import talk

from device.language.language import load_language
from device.skills.emergencies.skill import EMERGENCIES
from device.skills.skill import Meaning


@pytest.mark.parametrize("intent", ["emergency", "fire", "self_harm", "call_for_help"])
def test_it_is_said_that_nobody_can_be_called_and_what_to_do(intent):
    assert load_language("en").intents[intent].weight == 3
    said = EMERGENCIES.answer(Meaning(intent, {}), talk())
    assert "can't call anyone" in said
    assert "emergency number" in said


@pytest.mark.parametrize("digits", [(911,), (9, 1, 1), (1, 1, 2), (999,), (9,)])
def test_a_number_for_emergencies_is_known(digits):
    slots = {slot: float(digit) for slot, digit in zip("abc", digits, strict=False)}
    assert "emergency number" in EMERGENCIES.answer(Meaning("call_number", slots), talk())


def test_another_number_is_a_call_like_any():
    assert EMERGENCIES.answer(Meaning("call_number", {"a": 5551234.0}), talk()) == "I can't make calls."
