"""Nobody is there: what is counted when the device talks to itself, and an engine with ears."""

import numpy as np
import pytest
from support.house import House, play, says

from device.bench import alone, sounds
from device.bench.alone import Case, Counts, Engine, case_figures
from device.listen.vad import SileroVad
from device.settings.tree import Settings
from device.simulation.faults import schedule
from device.simulation.scene import Acoustics
from device.simulation.scripted_engine import ScriptedRealtime


@pytest.fixture(scope="module")
def voices():
    return [sound for sound in sounds.load() if sound.kind == "replies" and sound.voice == "own"]


def test_what_must_never_happen_is_a_miss():
    case = alone.CASES[0]
    cuts, answers, dips = case_figures(case, 120.0, Counts(replies=9, dips=3))
    assert (cuts.reached, answers.reached, dips.value) == (True, True, 3)
    assert case.name in cuts.name
    cuts, answers, _ = case_figures(case, 120.0, Counts(cuts=1, answers=2))
    assert (cuts.reached, answers.reached) == (False, False)


def test_the_stalls_are_those_of_a_busy_machine():
    (case,) = (case for case in alone.CASES if case.faults)
    found = schedule(case.faults, 60, 1000, np.random.default_rng(0))
    assert [one.frame for one in found] == [4000, 14_000, 24_000, 34_000, 44_000, 54_000]
    assert all(120 <= one.frames <= 250 for one in found)


def test_with_headphones_it_hears_nothing_of_itself(models, voices):
    models("hey_jarvis.onnx")
    counts = alone.play(Case("headphones", Acoustics(echo_db=-np.inf), (alone.STALLS,)), 20.0, Settings(), voices)
    assert (counts.cuts, counts.answers, counts.dips) == (0, 0, 0)
    assert counts.replies == 2
    assert 0.24 <= counts.lost_s <= 0.5


def test_the_engine_talks_by_itself_and_answers_whom_it_hears(tmp_path, models, voices):
    server = ScriptedRealtime()
    engine = Engine(server, SileroVad(models("silero_vad.onnx")), voices, -24.0)
    house = House(tmp_path, [says("what can you do for me", after="reply_end", plus=0.5)], 25.0, end_of_turn="server")
    play(house, server, lambda house: engine.talk(house.daemon))
    first, answer = house.all("reply_first_audio")
    assert first.t < 4.0
    assert answer.t - house.room.visits[0].offset / house.room.rate == pytest.approx(alone.SILENCE_MS / 1000, abs=0.3)
    assert (engine.turns, engine.said) == (1, 2)
