import pytest
from support.skills import talk

from device.language.language import load_language
from device.skills.cannot.skill import CANNOT
from device.skills.skill import Meaning


@pytest.mark.parametrize("intent", sorted(load_language("en").skills["cannot"].intents))
def test_it_is_said_that_it_cannot_be_done(intent):
    assert CANNOT.calls == {}
    assert CANNOT.answer(Meaning(intent, {}), talk())
