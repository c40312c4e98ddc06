"""Short runs with the whole daemon, and with the local engine; their figures are not judged here."""

import pytest
from msgspec.structs import replace

from device.bench import sounds
from device.bench.bargein import run
from device.bench.bargein.judge import judge
from device.bench.bargein.plan import Planner, rooms
from device.bench.bargein.play import play
from device.settings.tree import Settings
from device.simulation.scene import Acoustics


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Return the shortest of talks, in a room without echo."""
    found = sounds.load()
    planner = Planner(found, tmp_path_factory.mktemp("far"))
    quiet = next(room for room in rooms() if room.echo_db < -100 and room.noise_db == -60)
    talks = [t for t in planner.talks(64, {"yield": 1}) if t.echo_db == quiet.echo_db]
    talk = max(talks, key=lambda t: len(t.slots[0].sound.samples()))
    assert isinstance(talk.scene.room, Acoustics)
    return talk


def test_a_long_sentence_silences_the_device_and_the_engine_hears_it(talk, models, tmp_path):
    models("hey_jarvis.onnx")
    played = play(talk, Settings(), tmp_path)
    (outcome,) = judge(talk, played)
    assert outcome.why == ""
    assert outcome.reached
    assert 0 < outcome.duck_ms <= outcome.silence_ms < 3000
    assert outcome.heard_ms < 20
    assert outcome.alike > 0.4
    run.keep(outcome, played, tmp_path)
    assert (tmp_path / f"{outcome.slot}.wav").stat().st_size > 6 * 48_000 * 6 * 0.9


def test_a_device_that_only_the_wake_word_interrupts_goes_on(talk, models, tmp_path):
    models("hey_jarvis.onnx")
    (outcome,) = judge(talk, play(replace(talk, barge_in=False), Settings(), tmp_path))
    assert (outcome.reached, outcome.why, outcome.duck_ms) == (False, "the reply went on", None)
