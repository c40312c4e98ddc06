"""A case as it is played: who speaks, and all of it once on a real sound server."""

import os
from pathlib import Path

import numpy as np
import pytest

from device.audio.measure import FULL_SCALE, speech_level
from device.bench import sounds
from device.bench.result import Job
from device.bench.stalls.device import family
from device.bench.stalls.stage import Case, Cast, busy, play
from device.bench.virtual_card import LOUDSPEAKER, RATE
from device.settings.tree import Settings
from device.simulation.faults import Fault
from device.simulation.scene import USUAL_SPEECH_DBFS, Acoustics
from device.simulation.scripted_reply import RATE as WIRE_RATE


@pytest.fixture(scope="module")
def cast():
    return Cast.of(sounds.load(), -24.0, Settings().playout.volume)


def test_replies_are_as_loud_as_the_loudspeaker_shall_be_and_visitors_as_usual(cast):
    gain_db = 40 * np.log10(Settings().playout.volume)
    for pcm, text in cast.replies:
        assert speech_level(pcm, WIRE_RATE) + gain_db == pytest.approx(-24.0, abs=0.5)
        assert text
    for voice in (*cast.questions, *cast.interruptions):
        assert speech_level(FULL_SCALE * voice, RATE) == pytest.approx(USUAL_SPEECH_DBFS, abs=0.5)


def test_replies_differ(cast):
    assert len({pcm.tobytes() for pcm, _ in cast.replies}) > 1


@pytest.mark.realtime
def test_programs_keep_every_core_busy_for_a_while():
    before = set(family(os.getpid()))
    with busy():
        running = set(family(os.getpid())) - before
        assert len(running) == os.cpu_count()
    assert not any(Path(f"/proc/{pid}").exists() for pid in running)


@pytest.mark.realtime
def test_a_case_is_played_with_all_that_is_done_in_it(cast, models):
    models("silero_vad.onnx")
    models("hey_jarvis.onnx")
    case = Case("headphones", Acoustics(delay_ms=100, echo_db=-np.inf), (Fault(at=6.0, kind="freeze", ms=100),))
    evidence = play(case, 9.0, cast, Job(settings=Settings()))
    (fault,) = evidence.faults
    assert fault.began - evidence.woken == pytest.approx(6.0, abs=0.3)
    assert fault.ended - fault.began == pytest.approx(0.1, abs=0.1)
    kinds = [note.kind for note in evidence.report.notes]
    assert kinds[:5] == ["session", "speech", "turn", "reply", "given"]
    assert [visit.label for visit in evidence.recording.visits] == ["question"]
    assert evidence.recording.tracks[:, LOUDSPEAKER].any()
    assert evidence.entries[0].event in ("state", "card_lost")
