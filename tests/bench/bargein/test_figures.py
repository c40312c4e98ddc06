"""The figures of made-up outcomes."""

import math

import pytest

from device.bench.bargein.figures import figures, notes
from device.bench.bargein.judge import Outcome


def outcome(role, reached, **known):
    known = {"talk": "talk-000", "echo_db": 0.0, **known}
    return Outcome(slot="s", role=role, reached=reached, at=1.0, noise_db=-60, clip=0.6, rt60=0.2, **known)


def value(outcomes, name):
    found = [figure for figure in figures(outcomes) if figure.name.startswith(name)]
    assert len(found) == 1, [figure.name for figure in figures(outcomes)]
    return found[0]


def test_interruptions_that_never_lowered_the_reply_count_among_the_slowest():
    done = [outcome("yield", True, duck_ms=100.0, silence_ms=400.0, first_word=True)] * 9
    missed = [outcome("yield", False)]
    assert value(done, "duck, 9 interruptions, p95").reached
    assert value(done + missed, "duck, 10 interruptions, median").value == 100
    assert value(done + missed, "duck, 10 interruptions, p95").value == math.inf
    assert value(done + missed, "yield rate").value == 90
    assert not value(done + missed, "yield rate").reached
    assert value(done + missed, "yield time, median").value == 400


def test_what_could_not_be_judged_counts_for_nothing_but_is_told():
    found = [outcome("yield", None, why="there was no reply"), outcome("yield", True, first_word=False)]
    assert value(found, "yield rate, 1 interruptions").value == 100
    assert value(found, "first word").value == 0
    assert value(found, "trials without").value == 1
    assert any("there was no reply" in note for note in notes(found))


def test_a_reply_is_kept_if_it_is_back_in_time_with_all_its_words():
    found = [
        outcome("backchannel", True, dips=1, back_ms=600.0, lost_ms=0.0),
        outcome("backchannel", False, cut=True, why="cut off"),
        outcome("backchannel", False, dips=1, back_ms=1200.0, lost_ms=0.0, why="back after 1200 ms"),
        outcome("backchannel", False, dips=1, back_ms=700.0, lost_ms=300.0, why="300 ms of the reply …"),
    ]
    assert value(found, "backchannels, 4: kept").value == 25
    assert value(found, "backchannels: not cut off").value == 75
    assert value(found, "backchannels: back within").value == pytest.approx(200 / 3)
    assert value(found, "backchannels: no word lost").value == 50


@pytest.mark.parametrize(("echo_db", "allowed"), [(-math.inf, 0), (-10.0, 0), (0.0, 0), (6.0, 1)])
def test_the_device_may_interrupt_itself_once_at_the_highest_echo_level_only(echo_db, allowed):
    whole = outcome("self", True, talk="self-00", echo_db=echo_db, reply_s=1740.0, false_dips=3)
    cut = outcome("self", False, talk="self-00", echo_db=echo_db, reply_s=60.0, cut=True)
    assert value([whole, cut], "self-interruptions").value == 1
    assert value([whole, cut], "self-interruptions").reached is (allowed >= 1)
    assert value([whole, cut], "… lowered for nothing").value == pytest.approx(0.1)


def test_wake_words_are_compared_with_those_detected_without_a_reply():
    over = [outcome("wake", hit, talk="wake-00") for hit in (True, True, True, False)]
    alone = [outcome("wake alone", hit, talk="wake-00") for hit in (True, True, True, True)]
    assert value(over + alone, "wake word through a reply").value == 75
    only = [outcome("wake", True, talk="wake-only-00"), outcome("wake alone", True, talk="wake-only-00")]
    assert value(over + alone + only, "…, where only it interrupts").value == 100


def test_with_a_card_that_stalls_an_interruption_must_still_come_through():
    fine = [outcome("yield", True, trouble="stall", silence_ms=300.0, first_word=True)] * 19
    missed = outcome("yield", False, trouble="stall")
    assert value([*fine, missed], "yield rate in the 2 s after a stall, 20").reached
    assert not value([*fine, missed, missed], "yield rate in the 2 s after a stall, 21").reached
    deaf = outcome("yield", True, trouble="jump", silence_ms=300.0, first_word=False)
    found = {figure.name: figure for figure in figures([deaf])}
    assert not found["… first word reaches the engine"].reached
    gone = outcome("yield", None, trouble="cold", cut=True, why="the reply had been cut off already")
    assert not value([gone], "… the reply was cut off before, 1").reached
    assert "yield rate, 0 interruptions" in found, "and it counts for no other figure"


def test_things_may_be_hardly_worse_in_the_30_s_after_a_stall():
    calm = [outcome("backchannel", n > 0, trouble="calm") for n in range(100)]
    later = [outcome("backchannel", n > 1, trouble="later") for n in range(100)]
    assert value(calm + later, "… points less in the 30 s after a stall, 100").value == pytest.approx(1.0)
    assert value(calm + later, "… points less in the 30 s after a stall, 100").reached
    worse = [outcome("backchannel", n > 2, trouble="later") for n in range(100)]
    assert not value(calm + worse, "… points less in the 30 s after a stall, 100").reached


def human(role, reached, **known):
    return outcome(role, reached, human=True, talk="people-000", **known)


def test_people_have_figures_of_their_own_and_count_for_no_other():
    found = [
        *[human("yield", True, pitch_hz=200.0, silence_ms=120.0, first_word=True)] * 3,
        human("yield", False, pitch_hz=200.0),
        human("yield", True, pitch_hz=321.0, silence_ms=200.0, first_word=False),
        human("yield", None, why="there was no reply"),
        outcome("yield", True, silence_ms=100.0, first_word=True),
    ]
    assert value(found, "yield rate").of == 1
    usual = value(found, "people, up to 320 Hz: interruptions")
    assert (usual.value, usual.of, usual.reached) == (75, 4, False)
    assert value(found, "people, above 320 Hz: interruptions").value == 100
    assert value(found, "people: the first word").value == 75
    assert not any(figure.name.startswith("people") for figure in figures(found[-1:]))


def test_people_who_nod_laugh_or_are_not_meant_are_told_apart():
    found = [
        human("backchannel", True, lasts_s=0.4, voice="ann"),
        human("backchannel", False, cut=True, lasts_s=0.9, voice="ann"),
        human("noise", True, voice="laugh"),
        human("noise", False, cut=True, voice="cry"),
        human("noise", True, voice="door"),
        human("distant", True, voice="ann"),
    ]
    assert value(found, "people: backchannels: kept").value == 50
    assert value(found, "people: backchannels of over 0.7 s: kept").value == 0
    assert not value(found, "people: backchannels: cut off").reached
    assert value(found, "people: vocal tics, laughter and cries: kept").value == 50
    assert value(found, "people: other noise: kept").value == 100
    assert value(found, "people: not meant for the device: kept").value == 100


def test_selectivity_is_the_mean_of_three_however_often_each_was_tried():
    found = [
        *[human("backchannel", True, text="okay")] * 3,
        human("backchannel", False, text="um"),
        human("noise", True, voice="sigh"),
        human("noise", False, voice="door"),
        human("distant", False),
        outcome("backchannel", True),
    ]
    people = value(found, "people: selectivity")
    assert (people.value, people.name) == (50, "people: selectivity, the mean of 3 of 3")
    assert value(found, "people: vocal tics, laughter and cries: kept").value == 50
    programs = value(found, "selectivity")
    assert (programs.value, programs.name) == (100, "selectivity, the mean of 1 of 3")


def test_vocal_tics_are_told_apart_of_synthesizers_too():
    found = [outcome("noise", True, voice="door"), outcome("noise", False, voice="cough")]
    assert value(found, "… vocal tics among that").value == 0
    assert value(found, "not speech, 2: kept").value == 50


def test_a_language_that_the_device_does_not_know_shall_be_heard_soon():
    found = [human("foreign", True, silence_ms=ms) for ms in (300.0, 699.0, 701.0)] + [human("foreign", False)]
    assert value(found, "people: not the settings' language").value == 50


def test_people_and_synthesizers_stand_side_by_side_for_each_echo():
    made = [kind("yield", echo < 6, echo_db=echo) for echo in (0.0, 6.0) for kind in (human, outcome)]
    told = [note for note in notes(made) if "by echo" in note]
    assert [note.split(":")[0] for note in told] == ["interruptions, people", "interruptions, synthesizers"]
    assert "50 % of 2 (9 to 91)" in told[0]
    assert "+0 dB 100 % of 1 (21 to 100)" in told[0]
    assert "+6 dB 0 % of 1 (0 to 79)" in told[0]


def test_the_worst_conditions_are_named():
    found = [outcome("yield", echo < 6, echo_db=echo, voice="ann", text="Stop.") for echo in (-10.0, 0.0, 6.0)]
    assert notes(found)[-1].startswith("yield, worst: echo +6 dB 0/1")
