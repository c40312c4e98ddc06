"""What the device's own sounds do before it knows the room."""

import pytest

from device.audio.earcons import NAMES
from device.bench import earcons
from device.bench.earcons import Trial, hear, play, spoken, trials
from device.conversation.events import Echo, VoiceStart, Wake
from device.listen.detectors import Detectors
from device.settings.tree import Settings, WakeSettings


@pytest.fixture(scope="module")
def detectors(models):
    models("hey_jarvis.onnx")
    return Detectors.load(WakeSettings(), "")


def test_all_sounds_at_all_levels_and_delays_are_tried():
    those = list(trials(1))
    for field, values in (
        ("name", NAMES),
        ("echo_db", earcons.ECHOES_DB),
        ("delay_ms", earcons.DELAYS_MS),
        ("rt60", earcons.RT60_S),
    ):
        assert {getattr(trial, field) for trial in those} == set(values)
    assert len(set(trials(2))) == 2 * len(those)
    assert {trial.word_at for trial in spoken(1)} == set(earcons.WORDS_S)


@pytest.mark.parametrize(
    "trial",
    [
        # The highest scores of 750 rooms: 0.3 was enough for two frames, as long as there was an echo.
        Trial("ready", -10.0, 350.0, 0.2, 0),
        Trial("ready", -7.0, 350.0, 0.2, 1),
        Trial("ready", -4.0, 200.0, 0.6, 0),
        Trial("sleep", 6.0, 200.0, 0.2, 0),
    ],
)
def test_nothing_wakes_on_its_earcons_and_their_echo_is_told(trial, detectors):
    events = hear(trial, detectors, Settings())
    assert not [event for event in events if isinstance(event, (Wake, VoiceStart))]
    first, *_, last = [event for event in events if isinstance(event, Echo)]
    assert first.kind == "unknown"
    assert first.since <= 16_000 * earcons.START_S
    assert last.kind == "none"


def test_the_wake_word_is_heard_over_the_sound_of_the_start(detectors):
    count = play([Trial("ready", 0.0, 100.0, 0.2, 0, at) for at in earcons.WORDS_S], detectors, Settings())
    assert count.trials == count.wakes == 3
