"""Nobody is there: what is counted when the device talks to itself, and an engine with ears."""

import numpy as np
import pytest
from support.house import House, play, says

from device.bench import sounds
from device.bench.alone.plan import Case, stalls
from device.bench.alone.play import AFTER_S, HELD_S, SILENCE_MS, Engine, Frame, count
from device.bench.alone.play import play as leave_alone
from device.conversation import entries
from device.listen.vad import SileroVad
from device.sample_clock import samples
from device.settings.tree import Settings
from device.simulation.scene import Acoustics, Scene
from device.simulation.scripted_engine import ScriptedRealtime


@pytest.fixture(scope="module")
def voices():
    return [sound for sound in sounds.load() if sound.kind == "replies" and sound.voice == "own"]


def case(group: str = "grid", seconds: float = 20.0, **rest) -> Case:
    room = Acoustics(echo_db=-np.inf)
    return Case("headphones", group, Scene(seconds=seconds, room=room, **rest), -np.inf)


def test_with_headphones_it_hears_nothing_of_itself(models, voices):
    models("hey_jarvis.onnx")
    counts = leave_alone(case(faults=stalls(5.0, 20.0)), Settings(), voices)
    assert (counts.cuts, counts.answers, counts.wakes, counts.events) == (0, 0, 0, [])
    assert (counts.replies, counts.whole) == (2, 1)
    assert (counts.tails, counts.voiced) == (1, 0)
    assert max(counts.loudest_dbfs) < -50
    assert 0.05 <= counts.lost_s <= 1.6


def test_it_makes_its_own_sounds_and_says_nothing(models, voices):
    models("hey_jarvis.onnx")
    counts = leave_alone(case("sounds", 16.0), Settings(), voices)
    assert (counts.replies, counts.wakes, counts.answers) == (0, 0, 0)


def test_the_engine_talks_by_itself_and_answers_whom_it_hears(tmp_path, models, voices):
    server = ScriptedRealtime()
    house = House(tmp_path, [says("what can you do for me", after="reply_end", plus=0.5)], 22.0, end_of_turn="server")
    now = lambda: house.room.frame / house.room.rate  # noqa: E731
    engine = Engine(server, SileroVad(models("silero_vad.onnx")), voices, -24.0, now=now)
    play(house, server, lambda house: engine.talk(house.daemon))
    first, answer = house.all("reply_first_audio")
    assert first.t < 4.0
    asked = house.room.visits[0].offset / house.room.rate
    assert answer.t - asked == pytest.approx(SILENCE_MS / 1000, abs=0.3)
    assert engine.turns == [pytest.approx(asked + SILENCE_MS / 1000, abs=0.3)]
    assert engine.said == 2
    counts = count(case(), house.rehearsal.entries, engine)
    assert (counts.replies, counts.answers, counts.voiced) == (2, 1, 1)
    assert counts.events == [f"{engine.turns[0]:.1f} answered"]


def test_what_arrives_after_a_reply_is_looked_at_for_a_second(models, voices):
    engine = Engine(ScriptedRealtime(), SileroVad(models("silero_vad.onnx")), voices, -24.0, now=lambda: 0.0)
    written = [entries.ReplyLastAudio(samples(5000), item="a", ms=900), entries.Cut(samples(19_000))]
    engine.said = 1
    for at, voice in ((4.9, 0.9), (5.1, 0.1), (5.4, 0.4), (5.0 + AFTER_S + HELD_S, 0.9)):
        engine.frames.append(Frame(at, voice, -40.0 - at))
    counts = count(case(), written, engine)
    assert (counts.tails, counts.voiced, counts.loudest_dbfs) == (1, 0, [-45.1])
    assert (counts.cuts, counts.late) == (1, 1)
    engine.frames.append(Frame(5.3, 0.6, -30.0))
    counts = count(case(), written, engine)
    assert (counts.voiced, counts.loudest_dbfs) == (1, [-30.0])
