import pytest
from support.skills import talk

from device.skills.skill import Meaning
from device.skills.speech.skill import SPEECH, pace


@pytest.mark.parametrize(
    ("intents", "speed"),
    [
        ([], 1.0),
        (["time", "slower"], 0.8),
        (["slower", "slower", "faster"], 0.768),
        (["slower"] * 20, 0.5),
        (["faster"] * 20, 1.5),
        (["slower", "usual_pace"], 1.0),
    ],
)
def test_how_fast_to_speak_follows_from_what_was_asked_for(intents, speed):
    assert pace(intents) == speed


def test_what_was_said_last_is_said_again():
    again = Meaning("say_again", {})
    assert SPEECH.answer(again, talk(last="It is noon.")) == "It is noon."
    assert SPEECH.answer(again, talk()) == "I haven't said anything yet."


def test_a_change_is_confirmed():
    assert "slower" in SPEECH.answer(Meaning("slower", {}), talk())
