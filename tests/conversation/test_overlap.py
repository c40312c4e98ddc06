import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.overlap import (
    ANSWER_MS,
    BACKCHANNEL_MS,
    BRIEF_MS,
    CERTAIN,
    CLOSURE_MS,
    COME_BACK_MS,
    DRAWN_OUT_MS,
    FAR_DB,
    NEAR_MS,
    NO_WORDS_MS,
    PAUSE_MS,
    OverlappingVoice,
    Verdict,
    due,
    judge,
)
from device.sample_clock import samples

CUT_MS = 400
WAIT, CUT, RESTORE = Verdict.WAIT, Verdict.CUT, Verdict.RESTORE


def voice(ms, silence=0, **known):
    """A voice that began `silence` + `ms` ago and spoke for `ms`; the recogniser has heard all of it."""
    known = {
        "recognised_to": samples(ms + silence),
        "recognised_whole": silence >= CLOSURE_MS or "ended" in known,
    } | known
    return OverlappingVoice(0, samples(ms + silence), samples(ms), voiced_ms=ms, **known)


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        # Words that interrupt do so at once, and a sentence does.
        (voice(350, kind="stop"), CUT),
        (voice(350, kind="speech"), CUT),
        (voice(350, PAUSE_MS, kind="stop"), CUT),
        # A backchannel is waited for, and then the reply comes back.
        (voice(350, kind="backchannel"), WAIT),
        (voice(350, 64, kind="backchannel"), WAIT),
        (voice(350, PAUSE_MS, kind="backchannel"), RESTORE),
        (voice(350, 64, kind="backchannel", ended=True), RESTORE),
        # Drawn out, it does not hold the reply down; longer than any, it is something else.
        (voice(COME_BACK_MS, kind="backchannel"), RESTORE),
        (voice(COME_BACK_MS, kind="backchannel", recognised_to=samples(300)), WAIT),
        (voice(480, kind="backchannel", score=CERTAIN), RESTORE),
        (voice(480, kind="backchannel", score=CERTAIN + 0.1), WAIT),
        (voice(DRAWN_OUT_MS - 1, kind="backchannel"), WAIT),
        (voice(DRAWN_OUT_MS, kind="backchannel"), CUT),
        # What it was before it lasted so long is not the last word, if the recogniser answers.
        (voice(BACKCHANNEL_MS, kind="backchannel", recognised_to=samples(640)), WAIT),
        (voice(BACKCHANNEL_MS + ANSWER_MS, kind="backchannel", recognised_to=samples(640)), CUT),
        # A tenth of a second is too little for either, until it has ended.
        (voice(BRIEF_MS - 1, kind="stop"), WAIT),
        (voice(BRIEF_MS - 1, PAUSE_MS, kind="speech"), WAIT),
        (voice(BRIEF_MS - 1, PAUSE_MS, kind="speech", ended=True), CUT),
        (voice(BRIEF_MS - 1, PAUSE_MS, kind="nothing"), WAIT),
        (voice(BRIEF_MS - 1, PAUSE_MS, kind="backchannel", ended=True), RESTORE),
        (voice(BRIEF_MS, kind="stop"), CUT),
        # Noise has longer, and never cuts once it is over.
        (voice(BACKCHANNEL_MS, kind="nothing"), WAIT),
        (voice(NO_WORDS_MS - 1, kind="nothing"), WAIT),
        (voice(NO_WORDS_MS - 1, PAUSE_MS, kind="nothing"), RESTORE),
        (voice(NO_WORDS_MS, kind="nothing"), CUT),
        # What was recognised before the word had ended does not count for the whole: nor if it was not known to have.
        (voice(350, PAUSE_MS, kind="backchannel", recognised_whole=False), WAIT),
        (voice(350, PAUSE_MS, kind="backchannel", recognised_to=samples(300)), WAIT),
        # What is not louder than the echo for as long as a word is nobody's word, whatever was recognised.
        (voice(350, kind="stop", near_ms=NEAR_MS - 10), WAIT),
        (voice(350, PAUSE_MS, kind="speech", near_ms=NEAR_MS - 10), RESTORE),
        (voice(NO_WORDS_MS, kind="nothing", near_ms=NEAR_MS - 10), WAIT),
        (voice(350, kind="stop", near_ms=NEAR_MS), CUT),
        # A recogniser that does not answer in time leaves it to the length.
        (voice(350), WAIT),
        (voice(BACKCHANNEL_MS), CUT),
        (voice(CUT_MS - 1, ANSWER_MS, recognised_to=0), RESTORE),
        (voice(CUT_MS, ANSWER_MS, recognised_to=0), CUT),
        (voice(500, PAUSE_MS, kind="speech", recognised_to=samples(480)), WAIT),
        (voice(500, ANSWER_MS, kind="speech", recognised_to=samples(480)), CUT),
        (voice(500, ANSWER_MS, kind="backchannel", recognised_to=samples(300)), RESTORE),
        (voice(800, ANSWER_MS, kind="backchannel", recognised_to=samples(300)), CUT),
        # So does a language that it does not know.
        (voice(CUT_MS - 1, kind="unknown"), WAIT),
        (voice(CUT_MS - 1, PAUSE_MS, kind="unknown"), RESTORE),
        (voice(CUT_MS, kind="unknown"), CUT),
        # However long, from far away it is not meant; softly begun, it may be.
        (voice(100, level_db=-FAR_DB - 1), WAIT),
        (voice(5000, level_db=-FAR_DB - 1, kind="speech"), RESTORE),
        (voice(350, level_db=-FAR_DB + 1, kind="speech"), CUT),
    ],
)
def test_what_to_do_about_a_voice(over, verdict):
    assert judge(over, cut_ms=CUT_MS)[0] is verdict


@given(
    ms=st.integers(32, 5000),
    silence=st.integers(0, 600),
    kind=st.sampled_from([None, "stop", "speech", "backchannel", "nothing", "unknown"]),
    ended=st.booleans(),
    level=st.none() | st.floats(-40, 10),
)
def test_every_voice_comes_to_a_verdict(ms, silence, kind, ended, level):
    over = voice(ms, silence, kind=kind, ended=ended, level_db=level, recognised_whole=ended or silence >= CLOSURE_MS)
    verdict, why = judge(over, cut_ms=CUT_MS)
    assert why
    if (ms >= NO_WORDS_MS and not over.said) or (over.said and silence >= ANSWER_MS):
        assert verdict is not WAIT
    if kind in ("backchannel", "nothing") and over.said and not over.brief:
        assert verdict is RESTORE
    if verdict is CUT:
        assert level is None or level >= -FAR_DB
    # Without a recogniser, the length alone decides.
    verdict, _ = judge(voice(ms, silence, kind=kind, ended=ended), cut_ms=CUT_MS, recogniser=False)
    assert (verdict is CUT) == (ms >= CUT_MS)


def test_a_voice_is_recognised_now_and_then_and_when_the_voice_pauses():
    times, last = [], 0.0
    for ms in range(32, 1600, 32):
        if due(voice(ms, kind="nothing", recognised_to=0), last):
            last = ms
            times.append(ms)
    assert times[0] < 500
    assert len(times) <= 8
    assert np.diff(times).min() >= 100
    assert not due(voice(500, 32), 480)
    assert due(voice(500, 64, kind="nothing", recognised_to=samples(480)), 480)
    assert not due(voice(500, 96, kind="nothing", recognised_to=samples(564)), 564)
    assert due(voice(200, 64, recognised_to=0), 0)
    # What it made of it before it paused is not the last word.
    assert due(voice(500, 64, kind="speech", recognised_whole=False), 480)
