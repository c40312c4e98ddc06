"""What the doctor says of microphones: by somebody who speaks, and by what there is to turn."""

import numpy as np
import pytest
from support.speech import say

from device.audio.card.base import Card
from device.audio.card.soundcheck import SoundCheck
from device.audio.measure import speech_level
from device.doctor.microphone import Microphone, hear_speech, judge_microphone
from device.sample_clock import CLOCK_RATE
from device.settings.tree import CardSettings

TURNED = Microphone("hw:1,0", volume=True)
BARE = Microphone("hw:2,0", volume=False)


def check(level, peak=0.1):
    return SoundCheck(level=level, peak=peak, delay_ms=50.0, echo_level=-30.0)


@pytest.mark.parametrize(
    ("found", "speech_db", "microphone", "finding"),
    [
        (check(-70), -30.0, BARE, ("ok", "speech at -30 dBFS, -70 dBFS in the room", "")),
        (
            check(-95),
            -60.0,
            BARE,
            ("ok", "speech at -60 dBFS, -95 dBFS in the room; it will be amplified by 24", ""),
        ),
        (check(-98), -80.0, BARE, ("warn", "too quiet", "set card.gain_db: it has no capture level to raise")),
        (check(-98), -80.0, TURNED, ("warn", "too quiet", "raise its capture level: alsamixer -c 1 (F4)")),
        (check(-40), -36.0, BARE, ("warn", "hardly louder than the room", "nearer")),
        (check(-60), None, BARE, ("ok", "-60 dBFS in the room; nobody spoke", "")),
        (check(-86), None, BARE, ("warn", "nearly nothing, and nobody spoke", "say a sentence")),
        (check(-20, 0.999), None, TURNED, ("warn", "clipping", "lower its capture level: alsamixer -c 1 (F4)")),
        (check(-20, 0.999), None, BARE, ("warn", "clipping", "card.gain_db = -10")),
        (check(-200, 0), None, TURNED, ("fail", "nothing but zeros", "alsamixer -c 1 (F4)")),
        (check(-200, 0), None, BARE, ("fail", "nothing but zeros", "wires")),
        (
            check(-200, 0),
            None,
            Microphone("hw:2,0", volume=False, channels=(-200.0, -60.0, -200.0)),
            (
                "fail",
                "its channel 1 hears nothing, its channel 2 does (-60 dBFS)",
                "write into the settings, below [card]: channel = 2",
            ),
        ),
    ],
)
def test_what_is_said(found, speech_db, microphone, finding):
    status, message, fix = finding
    finding = judge_microphone(found, speech_db, CardSettings(), microphone)
    assert finding.status == status
    assert message in finding.message
    assert fix in finding.fix
    assert bool(finding.fix) is (status != "ok")
    if not microphone.volume:
        assert "alsamixer" not in finding.fix


def test_a_gain_that_is_set_is_judged_with_the_speech():
    assert judge_microphone(check(-95), -60.0, CardSettings(gain_db=20.0), BARE).status == "ok"
    finding = judge_microphone(check(-95), -60.0, CardSettings(gain_db=0.0), BARE)
    assert (finding.status, finding.fix) == ("warn", 'set card.gain_db = "auto", or more')


class Tape(Card):
    """Has heard all of a track."""

    def __init__(self, track):
        super().__init__(CLOCK_RATE)
        self.mic.write(track)
        self.mic.cursor = lambda at=None: type(self.mic).cursor(self.mic, 0)


@pytest.mark.parametrize("db", [-30, -60])
def test_who_speaks_is_heard(models, db):
    models("silero_vad.onnx")
    said = say("what is the weather like tomorrow?")
    said = said * 10 ** ((db - speech_level(said, CLOCK_RATE)) / 20)
    room = np.random.default_rng(1).standard_normal(len(said) + 3 * CLOCK_RATE) * 10 ** ((db - 38) / 20) * 32768
    room[CLOCK_RATE : CLOCK_RATE + len(said)] += said
    assert hear_speech(Tape(np.rint(room).astype(np.int16)), "") == pytest.approx(db, abs=2.5)


def test_nobody_is_heard_in_a_silent_room(models):
    models("silero_vad.onnx")
    assert hear_speech(Tape(np.zeros(9 * CLOCK_RATE, np.int16)), "") is None


def test_without_the_model_nobody_is_heard(tmp_path):
    assert hear_speech(Tape(np.zeros(CLOCK_RATE, np.int16)), str(tmp_path)) is None
