import pytest

from device.conversation.barge_in import DOUBTFUL, HOLD_OFF, UTTERANCE_MS, VOICE_WITHIN, BargeIn
from device.conversation.events import Mistaken, Understood, Voice, VoiceEnd
from device.conversation.overlap import CERTAIN, FAR_DB
from device.sample_clock import samples


@pytest.fixture
def barge_in():
    """Follows voices of a user who usually peaks at -20 dBFS."""
    made = BargeIn(cut_ms=400, recogniser=True)
    made.usual(VoiceEnd(0, 0, 0, UTTERANCE_MS, -20.0))
    return made


def goes_on(barge_in, begin, until, peak=-20.0):
    """The voice that began at `begin` ms goes on until `until`; return what was to be done."""
    return [
        step.do
        for at in range(begin + 32, until + 1, 32)
        for step in barge_in.goes_on(Voice(samples(at), samples(begin), at - begin, 0, peak))
    ]


def ended(begin, end, peak=-20.0):
    return VoiceEnd(samples(end + 240), samples(begin), samples(end), end - begin, peak)


def dos(steps):
    return [step.do for step in steps]


def test_a_voice_ducks_and_is_recognised(barge_in):
    assert dos(barge_in.begin(0, samples(40))) == ["duck"]
    assert goes_on(barge_in, 0, 512) == ["recognise"]


def test_a_short_voice_says_nothing_of_how_loud_the_user_is():
    barge_in = BargeIn(cut_ms=400)
    barge_in.usual(VoiceEnd(0, 0, 0, UTTERANCE_MS - 1, -5.0))
    barge_in.begin(0, 0)
    assert goes_on(barge_in, 0, 500, peak=-40.0) == ["cut"]


@pytest.mark.parametrize("peaks", [(-20.0, -21.0, -34.0), (-5.0, -20.0), (-20.0, -5.0, -21.0)])
def test_neither_a_shout_nor_a_soft_voice_tells_how_loud_the_user_is(peaks):
    barge_in = BargeIn(cut_ms=400)
    for peak in peaks:
        barge_in.usual(VoiceEnd(0, 0, 0, 800, peak))
    barge_in.begin(0, 0)
    assert "cut" not in goes_on(barge_in, 0, 900, peak=-21.0 - FAR_DB - 1)
    barge_in.forget()
    barge_in.begin(samples(2000), samples(2000))
    assert "cut" in goes_on(barge_in, 2000, 2900, peak=-19.0 - FAR_DB + 2)


def test_a_reply_that_is_over_is_forgotten(barge_in):
    barge_in.begin(0, 0)
    barge_in.forget()
    assert barge_in.goes_on(Voice(samples(2000), 0, 2000)) == []
    assert barge_in.ends(ended(0, 2000)) == []
    assert barge_in.tick(samples(3000)) == []
    assert dos(barge_in.begin(samples(4000), samples(4040))) == ["duck"]


def test_what_was_understood_of_another_voice_is_not_of_this_one(barge_in):
    barge_in.begin(0, 0)
    goes_on(barge_in, 0, 512)
    barge_in.forget()
    barge_in.begin(samples(1000), samples(1032))
    assert barge_in.understood(Understood(samples(1040), 0, samples(500), "stop")) == []
    assert goes_on(barge_in, 1000, 1512) == ["recognise"]


def test_two_words_with_a_pause_between_are_one_voice(barge_in):
    barge_in.begin(0, 0)
    goes_on(barge_in, 0, 300)
    barge_in.understood(Understood(samples(300), 0, samples(288), "backchannel"))
    assert dos(barge_in.ends(ended(0, 300))) == ["recognise"]
    assert barge_in.begin(samples(560), samples(600)) == []
    assert barge_in.understood(Understood(samples(610), 0, samples(540), "backchannel")) == []
    # What has been said since is part of it.
    (asked,) = barge_in.goes_on(Voice(samples(660), samples(560), 100))
    assert (asked.do, asked.onset, asked.upto) == ("recognise", 0, samples(660))
    (cut,) = barge_in.understood(Understood(samples(700), 0, samples(660), "speech"))
    assert (cut.do, cut.onset) == ("cut", 0)


def said_no_interruption(barge_in, begin, score):
    """A word of 300 ms that began at `begin` ms, and is taken for a sign of listening with such log odds."""
    barge_in.begin(samples(begin), samples(begin + 32))
    goes_on(barge_in, begin, begin + 300)
    barge_in.ends(ended(begin, begin + 300))
    heard = Understood(samples(begin + 560), samples(begin), samples(begin + 540), "backchannel", "Front.", score)
    return dos(barge_in.understood(heard))


@pytest.mark.parametrize(
    ("score", "after", "since"),
    [
        (DOUBTFUL + 0.1, 1000, samples(0)),
        # What is certain is no half of anything, and nor is what was said long ago.
        (DOUBTFUL - 0.1, 1000, None),
        (DOUBTFUL + 0.1, 1600, None),
    ],
)
def test_a_word_that_came_to_nothing_is_heard_again_with_the_next(barge_in, score, after, since):
    assert said_no_interruption(barge_in, 0, score) == ["restore"]
    assert dos(barge_in.begin(samples(after), samples(after + 32))) == ["duck"]
    goes_on(barge_in, after, after + 300)
    (asked,) = barge_in.ends(ended(after, after + 300))
    assert (asked.do, asked.onset, asked.since) == ("recognise", samples(after), since)
    (cut,) = barge_in.understood(
        Understood(samples(after + 560), samples(after), samples(after + 540), "speech", "Front left.", 2.0)
    )
    # The engine hears both words.
    assert (cut.do, cut.onset) == ("cut", samples(after) if since is None else since)


def test_near_end_activity_lowers_the_reply_until_it_is_a_voice(barge_in):
    assert dos(barge_in.near_end(0)) == ["lower"]
    assert barge_in.near_end(samples(20)) == []
    assert dos(barge_in.begin(0, samples(90))) == ["duck"]
    assert barge_in.tick(VOICE_WITHIN) == []


def test_near_end_activity_that_is_no_voice_lowers_it_for_a_moment_and_not_again_soon(barge_in):
    barge_in.near_end(0)
    assert barge_in.tick(VOICE_WITHIN - 1) == []
    assert dos(barge_in.tick(VOICE_WITHIN)) == ["restore"]
    assert barge_in.near_end(VOICE_WITHIN + HOLD_OFF - 1) == []
    # A voice ducks at any time.
    assert dos(barge_in.begin(VOICE_WITHIN + 10, VOICE_WITHIN + 20)) == ["duck"]
    barge_in.forget()
    assert dos(barge_in.near_end(VOICE_WITHIN + HOLD_OFF)) == ["lower"]


def test_a_voice_that_was_nobody_s_brings_the_reply_back_whatever_it_said(barge_in):
    barge_in.begin(0, samples(40))
    goes_on(barge_in, 0, 512)
    assert [(step.do, step.why) for step in barge_in.mistaken(Mistaken(samples(520), 0))] == [
        ("restore", "its own voice")
    ]
    assert barge_in.onset is None
    assert barge_in.understood(Understood(samples(560), 0, samples(512), "stop")) == []


def test_it_is_of_that_voice_only(barge_in):
    assert barge_in.mistaken(Mistaken(samples(520), 0)) == []
    barge_in.begin(samples(600), samples(640))
    assert barge_in.mistaken(Mistaken(samples(700), 0)) == []
    assert barge_in.onset == samples(600)


def test_what_was_louder_than_the_echo_before_a_pause_counts(barge_in):
    def says(begin, near_ms):
        steps = barge_in.begin(samples(begin), samples(begin))
        steps += barge_in.goes_on(Voice(samples(begin + 300), samples(begin), 300, 0, -20.0, near_ms))
        steps += barge_in.understood(Understood(samples(begin + 300), 0, samples(begin + 300), "stop"))
        return dos(steps)

    assert "cut" not in says(0, 60)
    assert "cut" in says(500, 60)


def test_what_was_not_louder_than_the_echo_brings_the_reply_back_though_it_was_a_word(barge_in):
    barge_in.begin(0, 0)
    goes_on(barge_in, 0, 320)
    barge_in.ends(VoiceEnd(samples(560), 0, samples(320), 320, -20.0, 60))
    assert dos(barge_in.understood(Understood(samples(600), 0, samples(560), "stop"))) == ["restore"]


def test_a_nod_that_goes_on_after_the_reply_is_back_is_asked_about_again(barge_in):
    barge_in.begin(0, samples(32))
    goes_on(barge_in, 0, 512)
    back = barge_in.understood(Understood(samples(540), 0, samples(512), "backchannel", "Okay", CERTAIN))
    assert dos(back) == ["restore"]
    after = [barge_in.goes_on(Voice(samples(at), 0, at, 0, -20.0)) for at in range(544, 705, 32)]
    (asked,) = [step for steps in after for step in steps]
    assert (asked.do, asked.upto) == ("recognise", samples(640))
    (cut,) = barge_in.understood(Understood(samples(720), 0, asked.upto, "speech", "Okay, but", 1.0))
    assert cut.do == "cut"
