"""What is counted of a case, in evidence that is made up."""

import numpy as np
import pytest
from support.stalls import REPLY, VOICE, WOKEN, evidence

from device.audio.resample import resample
from device.bench.stalls.counts import Counts, Received, Tail, Yield, count, shares, silent_ms
from device.bench.stalls.device import Entry, Line
from device.bench.stalls.stage import Done, Evidence
from device.bench.virtual_card import LOUDSPEAKER, RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE
from device.simulation.timed_engine import Note, Report


def silent(_frame):
    return 0.0


def of(**told):
    return count(evidence(**told), silent)


def test_replies_are_counted_with_how_soon_they_are_heard():
    found = of(replies=(3.0, 9.0))
    assert (found.replies, found.cuts, found.answers, found.dips, found.holes_ms) == (2, 0, 0, 0, [])
    assert found.before_ms == pytest.approx([80, 80], abs=2)
    assert found.minutes == pytest.approx(19 / 60)
    assert found.sound


def test_how_soon_is_told_apart_from_the_first_fault_on():
    found = of(replies=(3.0, 9.0), faults=[Done("freeze", 106.0, 106.2)])
    assert len(found.before_ms) == len(found.after_ms) == found.faults == 1
    assert of(replies=(3.0,), faults=[Done("freeze", 102.9, 103.1)]).before_ms == []


def test_what_happens_with_nobody_there_is_its_own_doing():
    kinds = ("cut", "cut", "duck", "wake", "card_lost", "state")
    found = of(
        visits=(10.0,),
        entries=[*(Entry(104.0, kind, {}) for kind in kinds), *(Entry(110.5, kind, {}) for kind in kinds)],
        notes=[Note(104.0, "turn"), Note(111.6, "turn"), Note(112.1, "turn"), Note(104.0, "speech")],
        log=[Line(100.5, "starts"), Line(104.0, "stalled")],
    )
    assert (found.cuts, found.lowered, found.wakes, found.answers) == (2, 1, 1, 2)
    assert (found.reopened, found.lines) == (2, 1)


def test_a_hole_that_a_fault_made_is_not_the_replys():
    whole = evidence(replies=(3.0,))
    track = whole.recording.tracks[:, LOUDSPEAKER]
    at = round(4.0 * RATE)
    track[at + RATE // 5 : at + 2 * RATE] = track[at : at + RATE * 9 // 5].copy()
    track[at : at + RATE // 5] = 0
    assert count(whole, silent).holes_ms == pytest.approx([200], abs=2)
    told = evidence(faults=[Done("freeze", 104.0, 104.2)])
    stopped = Evidence(whole.case, whole.recording, whole.report, [REPLY], [], [], told.faults, WOKEN, 1.0)
    assert count(stopped, silent).holes_ms == []


def test_what_the_rig_loses_itself_is_not_what_a_stopped_server_loses():
    assert of(lost=range(300, 311)).lost_ms == 110
    assert not of(lost=range(300, 311)).sound
    assert of(lost=range(300, 311), faults=[Done("stall", 103.0, 103.1)]).lost_ms == 0
    assert of(lost=range(300, 311), faults=[Done("freeze", 103.0, 103.1)]).lost_ms == 110


def test_what_the_engine_hears_after_a_reply():
    second = (1036 * np.random.default_rng(3).standard_normal(WIRE_RATE)).astype(np.int16)  # -30 dBFS
    report = Report(
        heard=[(105.2, WIRE_RATE)], audio=bytearray(second.tobytes()), notes=[Note(102.92, "given", "a", 0)]
    )
    (tail,) = count(evidence(replies=(3.0,), report=report), lambda _: 0.7).tails
    assert tail.level_db == pytest.approx(-31.8, abs=1)  # of noise that was made narrower
    assert tail.voice == 0.7
    assert count(evidence(replies=(3.0,), visits=(5.4,), report=report), silent).tails == [], "somebody speaks"
    late = Report(heard=[(107.0, WIRE_RATE)], audio=report.audio, notes=report.notes)
    assert count(evidence(replies=(3.0,), report=late), silent).tails == [Tail(-200.0, 0.0)]


def test_what_came_of_an_interruption():
    sent = resample(VOICE, RATE, WIRE_RATE)
    report = Report(heard=[(105.0, len(sent))], audio=bytearray(sent.tobytes()), notes=[Note(102.92, "given", "a", 0)])
    told = {"replies": (3.0,), "visits": (4.0,), "faults": [Done("freeze", 103.0, 103.2)]}
    (one,) = count(evidence(report=report, **told), silent).yields
    assert one.after_s == pytest.approx(0.8, abs=0.02)
    assert one.silent_ms == pytest.approx(1000, abs=10), "when the reply was over"
    assert one.first_word
    (one,) = count(evidence(**told), silent).yields
    assert not one.first_word


def test_a_reply_that_goes_on_has_not_yielded():
    tracks = evidence(replies=(1.0, 3.0)).recording
    assert silent_ms(tracks, RATE) == float("inf")
    assert silent_ms(tracks, 4 * RATE) == pytest.approx(1000, abs=10)


def test_what_arrived_between_two_times_is_found_by_its_message():
    report = Report(heard=[(1.0, 2400), (2.0, 2400)], audio=bytearray(np.arange(4800, dtype=np.int16).tobytes()))
    received = Received(report)
    assert len(received.between(0.5, 1.5)) == 1600
    assert len(received.between(2.5, 9.0)) == 0


def test_runs_of_a_case_are_added_up():
    whole = Counts(load=2.0)
    for cuts in (1, 2):
        whole.add(Counts(minutes=0.5, cuts=cuts, before_ms=[70.0], yields=[Yield(1.0, 200.0, True)], load=1.0))
    assert (whole.minutes, whole.cuts, whole.before_ms, len(whole.yields), whole.load) == (1.0, 3, [70, 70], 2, 2.0)


def test_shares():
    assert shares([True, False]) == 0.5
    assert shares([]) != shares([])
