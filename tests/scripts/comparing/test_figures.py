import numpy as np
import pytest

from device.bench.virtual_card import CHANNELS, LOUDSPEAKER, RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE
from device.simulation.timed_engine import Note, Report
from scripts.comparing.director import Marks, Stretch
from scripts.comparing.engine import NETWORK_MS
from scripts.comparing.figures import Evidence, find, together
from scripts.comparing.room import Recording, Visit

REPLY = (3000 * np.random.default_rng(1).standard_normal(8 * WIRE_RATE)).astype(np.int16)
S = RATE


def evidence(sounds, *, notes=(), trials=(), alone=(), seconds=12):
    """Return what a loudspeaker shows that played the reply at `sounds`: (from, to, from where in the reply)."""
    tracks = np.zeros((seconds * S, CHANNELS), np.int16)
    for start, end, place in sounds:
        part = np.repeat(REPLY, 2)[round(place * S) : round((place + end - start) * S)]
        tracks[round(start * S) : round(start * S) + len(part), LOUDSPEAKER] = part
    recording = Recording(tracks, list(trials), np.array([[0.0, 50.0], [seconds * S, 50.0 + seconds]]), 0)
    report = Report(notes=[Note(50 + at, *rest) for at, *rest in notes])
    return Evidence(recording, Marks(list(trials), list(alone)), report)


def test_an_interruption_that_silences_the_reply():
    said = Visit("interruptions", 4 * S, 5 * S)
    found = find(
        evidence([(1, 4.5, 0)], notes=[(0.9, "reply", "a"), (4.6, "truncate", "a", 3450)], trials=[said]), REPLY
    )
    assert found.yielded == [True]
    assert found.yield_ms == pytest.approx([500], abs=6)
    assert found.truncation_ms == pytest.approx([-50], abs=8)
    assert found.untold == 0
    assert found.first_word == [False]
    assert found.down_ms == pytest.approx([100 - NETWORK_MS], abs=6)


def test_an_interruption_that_the_engine_is_told_nothing_of():
    said = Visit("interruptions", 4 * S, 5 * S)
    found = find(evidence([(1, 4.5, 0)], notes=[(0.9, "reply", "a")], trials=[said]), REPLY)
    assert (found.yielded, found.untold, found.truncation_ms) == ([True], 1, [])


def test_a_reply_that_goes_on_after_a_pause_was_not_silenced():
    said = [Visit("interruptions", 3 * S, 4 * S), Visit("backchannels", 3 * S, round(3.4 * S))]
    found = find(evidence([(1, 3.3, 0), (3.8, 8.6, 2.2)], notes=[(0.9, "reply", "a")], trials=said), REPLY)
    assert (found.yielded, found.survived) == ([False], [True])
    assert found.held_ms == pytest.approx([500], abs=12)


def test_a_backchannel_that_ends_the_reply():
    said = Visit("backchannels", 3 * S, round(3.4 * S))
    notes = [(0.9, "reply", "a"), (3.9, "reply", "b")]
    found = find(evidence([(1, 3.3, 0), (4, 8, 0)], notes=notes, trials=[said]), REPLY)
    assert (found.survived, found.held_ms) == ([False], [])


def test_what_is_said_over_nothing_is_no_trial():
    found = find(evidence([], trials=[Visit("interruptions", 3 * S, 4 * S)]), REPLY)
    assert (found.yielded, found.survived) == ([], [])


def test_own_cuts_and_pauses_with_nobody_speaking():
    notes = [(0.9, "reply", "a"), (3.5, "reply", "b")]
    alone = [Stretch(2 * S, 7 * S)]
    found = find(evidence([(1, 3, 0), (4, 5, 0), (5.5, 9, 1)], notes=notes, alone=alone), REPLY)
    assert (found.cuts, found.pauses, found.alone_s) == (1, 1, 5.0)


def test_findings_add_up():
    said = Visit("interruptions", 4 * S, 5 * S)
    one = find(evidence([(1, 4.5, 0)], notes=[(0.9, "reply", "a")], trials=[said]), REPLY)
    both = together([one, one])
    assert both.yielded == [True, True]
    assert both.untold == 2
    assert one.yielded == [True]
