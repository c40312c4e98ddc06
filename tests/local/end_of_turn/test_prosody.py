import numpy as np
import pytest
from support.speech import say, silence

from device.local.end_of_turn.prosody import LONGEST, SmartTurn, load_smart_turn
from device.model_files.files import ModelError

VOICES = ("en-gb", "en-us", "en-us+Annie", "en-gb-scotland")


@pytest.fixture(scope="module")
def smart_turn(models):
    models("smart_turn.onnx")
    return load_smart_turn()


def over(smart_turn, text):
    """How likely `text` sounds like the end of a turn, with each voice."""
    return [smart_turn.probability(np.concatenate((say(text, voice), silence(0.2)))) for voice in VOICES]


def test_a_whole_sentence_sounds_over_and_a_hesitation_does_not(smart_turn):
    whole = over(smart_turn, "Set a timer for ten minutes.")
    hesitant = over(smart_turn, "I would like to um, um,")
    assert np.mean(whole) > 0.6
    assert np.mean(hesitant) < 0.3
    assert min(whole) > max(hesitant)


def test_only_the_last_seconds_count(smart_turn):
    end = np.concatenate((silence(5), say("Set a timer for ten minutes."), silence(0.2)))[-LONGEST:]
    end = np.concatenate((silence(LONGEST / 16_000 - len(end) / 16_000), end))
    before = say("I would like to um, um,")
    assert smart_turn.probability(np.concatenate((before, end))) == smart_turn.probability(end)


@pytest.mark.parametrize("pcm", [np.zeros((2, 4), np.int16), np.zeros(4, np.float32)])
def test_other_arrays_are_refused(smart_turn, pcm):
    with pytest.raises(ValueError, match="int16"):
        smart_turn.probability(pcm)


def test_nothing_at_all_is_no_error(smart_turn):
    assert 0 <= smart_turn.probability(silence(0)) <= 1


def test_another_model_is_named_as_such(models):
    path = models("silero_vad.onnx")
    with pytest.raises(ModelError, match="smart-turn"):
        SmartTurn(path)
