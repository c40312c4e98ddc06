"""Verdicts on recordings that are made up: what was done to a reply is known."""

from functools import cache, partial

import numpy as np
import pytest
import soxr

from device.bench import sounds
from device.bench.bargein.judge import judge
from device.bench.bargein.plan import Slot, Talk
from device.bench.bargein.play import Played, Sent, spoken
from device.conversation.entries import Cut, Duck, ReplyFirstAudio, Wake
from device.simulation.recording import Tracks
from device.simulation.scene import Acoustics, Scene
from device.simulation.visitors import Visit

RATE, REPLY_AT, ONSET = 16_000, 1.0, 3.0
VOLUME = 0.64
SECONDS = 12.0


@cache
def reply():
    found = tuple(s for s in sounds.load() if s.kind == "replies")
    pcm, _ = spoken(found, 0, 7.0, -20.0)
    return pcm, soxr.resample(pcm.astype(np.float32), 24_000, RATE)


@cache
def word():
    return next(s for s in sounds.load() if s.kind == "interruptions")


def passage(start, end=99.0, gain=1.0):
    """Return the reply between two moments of the scene, had nothing happened to it."""
    first, last = (round((at - REPLY_AT) * RATE) for at in (start, end))
    return reply()[1][first:last] * VOLUME * gain


def still(seconds):
    return np.zeros(round(seconds * RATE))


def outcome(role, *parts, told_ms=None, sent_from=None, item=None, entries=(), came=True, known=True, silences=()):
    loudspeaker = np.concatenate([still(REPLY_AT), *parts, still(SECONDS)])[: round(SECONDS * RATE)]
    said = word().samples()
    visitors = still(SECONDS).astype(np.int16)
    onset = round(ONSET * RATE)
    visitors[onset : onset + len(said)] = said
    # The engine is sent what the microphone hears, from a moment on, once the reply is cut off.
    heard = visitors + np.random.default_rng(0).normal(0, 30, len(visitors))
    sent = []
    if sent_from is not None:
        pcm = soxr.resample(heard[round(sent_from * RATE) :].astype(np.float32), RATE, 24_000).astype(np.int16)
        sent = [Sent(ONSET + 0.6, pcm[: 3 * 24_000].tobytes())]
    visit = Visit("s", "", onset, onset + len(said), onset, onset + len(said))
    slot = Slot("s", role, REPLY_AT, 7.0, None if role == "self" else word(), ONSET)
    scene = Scene(name="t", seconds=SECONDS, room=Acoustics(rate=16_000))
    talk = Talk("t", scene, (slot,), (), "", 0.0, spoken=False)
    begun = ReplyFirstAudio(round(REPLY_AT * RATE), "i")
    played = Played(
        tracks=Tracks(RATE, visitors, visitors, loudspeaker.astype(np.int16)),
        visits={} if role == "self" or not came else {"s": visit},
        entries=[begun, *(kind(round(at * RATE)) for kind, at in entries)],
        items={"i": (24_000, reply()[0] if item is None else item)} if known else {},
        told={} if told_ms is None else {"i": told_ms},
        sent=sent,
        silences=[(round(start * RATE), round(end * RATE)) for start, end in silences],
        gain_db=20 * np.log10(VOLUME),
    )
    return judge(talk, played)[0]


def test_an_interruption_that_silences_the_reply():
    found = outcome(
        "yield", passage(REPLY_AT, 3.1), passage(3.1, 3.5, 0.1), told_ms=2490, sent_from=2.8, entries=[(Duck, 3.09)]
    )
    assert found.reached
    assert found.duck_ms == pytest.approx(100, abs=30)
    assert found.silence_ms == pytest.approx(500, abs=100)  # it may be in a pause
    assert found.heard_ms <= 60
    assert found.first_word


@pytest.mark.parametrize(("start", "there"), [(2.7, True), (2.95, True), (3.35, False)])
def test_the_first_word_must_be_in_what_the_engine_is_sent(start, there):
    found = outcome("yield", passage(REPLY_AT, 3.5), told_ms=2500, sent_from=start)
    assert found.first_word is there


def test_noise_is_no_first_word():
    found = outcome("yield", passage(REPLY_AT, 3.5), told_ms=2500, sent_from=8.0)
    assert found.first_word is False


def test_an_engine_that_is_told_something_else_is_found_out():
    found = outcome("yield", passage(REPLY_AT, 3.5), told_ms=2000, sent_from=2.8)
    assert found.heard_ms > 400


def test_an_interruption_that_comes_to_nothing():
    found = outcome("yield", passage(REPLY_AT, 3.1), passage(3.1, 3.5, 0.1), passage(3.5))
    assert found.reached is False
    assert found.why == "the reply went on"
    assert found.silence_ms is None


def test_a_reply_cut_off_long_after_the_interruption_was_not_cut_off_by_it():
    found = outcome("yield", passage(REPLY_AT, 7.2))
    assert found.reached is False
    assert found.why == "cut off much later"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([(1.0, 99, 1)], ""),
        ([(1.0, 3.1, 1), (3.1, 3.6, 0.1), (3.0, 99, 1)], ""),
        ([(1.0, 3.1, 1), (3.1, 3.6, 0.1), (3.6, 99, 1)], "ms of the reply were not heard at full level"),
        ([(1.0, 3.1, 1), (3.1, 4.2, 0.1), (3.0, 99, 1)], "back after"),
        ([(1.0, 3.1, 1), (3.1, 3.6, 0.1)], "cut off"),
    ],
    ids=["nothing happens", "repeated", "not repeated", "late", "cut"],
)
def test_a_nod_shall_cost_neither_the_reply_nor_a_word_of_it(parts, why):
    found = outcome("backchannel", *(passage(start, end, gain) for start, end, gain in parts))
    assert found.reached is (not why)
    assert why in found.why
    assert bool(found.why) is bool(why)


def test_a_reply_that_stood_still_is_back_when_it_goes_on():
    found = outcome("backchannel", passage(REPLY_AT, 3.1), still(0.5), passage(3.1))
    assert found.reached
    assert found.back_ms == pytest.approx(600, abs=100)
    assert found.lost_ms < 100


def test_a_long_noise_may_lower_the_reply_late():
    late = [passage(REPLY_AT, 4.0), passage(4.0, 4.5, 0.1), passage(3.9)]
    assert outcome("noise", *late).reached
    assert outcome("backchannel", *late).why.startswith("back after")


def test_a_reply_that_a_stall_silenced_was_not_lowered():
    stalled = passage(REPLY_AT, 2.5), still(0.3), passage(2.5, 4.0)
    found = outcome("backchannel", *stalled, passage(4.0), silences=[(2.5, 2.8)])
    assert (found.dips, found.false_dips, found.duck_ms, found.reached) == (0, 0, None, True)
    assert outcome("backchannel", *stalled, passage(4.0)).false_dips == 1
    # What was lowered on its own all the same was.
    found = outcome("backchannel", *stalled, passage(4.0, 4.4, 0.1), passage(4.4), silences=[(2.5, 2.8)])
    assert (found.dips, found.false_dips) == (1, 0)


def test_nothing_is_judged_if_the_reply_had_ended_before():
    found = outcome("yield", passage(REPLY_AT, 2.5))
    assert found.reached is None
    assert found.why == "the reply had been cut off already"


def test_without_a_visitor_the_reply_shall_be_heard_to_its_end():
    whole = outcome("self", passage(REPLY_AT, 3.0), passage(3.0, 3.2, 0.1), passage(2.9))
    assert whole.reached
    assert whole.false_dips == 1
    cut = outcome("self", passage(REPLY_AT, 4.0))
    assert cut.reached is False
    assert cut.reply_s == pytest.approx(3.0, abs=0.2)


def test_an_interruption_in_a_pause_of_the_reply_counts_although_nothing_sounded_any_more():
    pcm = reply()[1].copy()
    first, last = (round((at - REPLY_AT) * RATE) for at in (2.9, 3.4))
    pcm[first:last] = 0
    sent = soxr.resample(pcm, RATE, 24_000).astype(np.int16)
    found = outcome("yield", pcm[:last] * VOLUME, sent_from=2.8, item=sent, entries=[(Duck, 3.1), (Cut, 3.3)])
    assert found.reached
    assert found.silence_ms == pytest.approx(130, abs=40)


def woken(at):
    return [(partial(Wake, word="hey_jarvis", score=0.9), at)]


@pytest.mark.parametrize(
    ("entries", "reached"),
    [([], False), (woken(ONSET - 0.1), False), (woken(ONSET + 0.6), True), (woken(ONSET + 9.0), False)],
    ids=["never", "before", "in time", "much later"],
)
def test_the_wake_word_counts_if_it_is_detected_soon_after_it_was_said(entries, reached):
    assert outcome("wake", passage(REPLY_AT), entries=entries).reached is reached


def test_a_wake_word_that_no_reply_was_playing_under_tells_nothing():
    found = outcome("wake", passage(REPLY_AT, 2.0), entries=woken(ONSET + 0.6))
    assert (found.reached, found.why) == (None, "the reply had been cut off already")


@pytest.mark.parametrize("role", ["yield", "backchannel", "wake"])
def test_where_nobody_came_there_is_nothing_to_judge(role):
    found = outcome(role, passage(REPLY_AT), came=False)
    assert (found.reached, found.why) == (None, "nobody came")


def test_where_there_was_no_reply_there_is_nothing_to_judge():
    silent = outcome("yield")
    unknown = outcome("yield", passage(REPLY_AT), known=False)
    assert [(found.reached, found.why) for found in (silent, unknown)] == [(None, "there was no reply")] * 2


def test_what_the_ledger_says_of_that_time_is_told():
    found = outcome("yield", passage(REPLY_AT, 3.5), entries=[*woken(3.4), (Duck, 3.1), (Duck, 0.5)])
    assert found.events == [
        "1.000 reply_first_audio item=i",
        "3.400 wake word=hey_jarvis score=0.9",
        "3.100 duck",
    ]


def test_a_first_word_cannot_be_in_nothing():
    assert outcome("yield", passage(REPLY_AT, 3.5), told_ms=2500).first_word is False
