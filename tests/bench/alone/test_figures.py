"""What of a device that was left alone is a miss, and what is told of it."""

import pytest

from device.bench.alone.figures import WORST, figures, notes
from device.bench.alone.play import Counts


def counts(group: str = "grid", case: str = "somewhere", **fields) -> Counts:
    return Counts(
        **({"case": case, "group": group, "echo_db": 0.0, "stall_s": None, "seconds": 600.0, "replies": 50, "whole": 50}
           | fields)
    )  # fmt: skip


def reached(*done: Counts) -> dict[str, bool]:
    return {figure.name: figure.reached for figure in figures(done) if figure.bound}


def missed(*done: Counts) -> list[str]:
    return [name for name, fine in reached(*done).items() if not fine]


def test_a_device_that_never_hears_itself_reaches_everything():
    assert (
        missed(
            counts(),
            counts("faults", "jumps, +6 dB"),
            counts("cold"),
            counts("sounds"),
            counts("chime"),
            counts("lost"),
        )
        == []
    )
    assert any(name.startswith("echo +0 dB, no stalls, 10 minutes: cuts") for name in reached(counts()))


@pytest.mark.parametrize(
    ("field", "name"),
    [("cuts", "cuts itself off"), ("answers", "is answered by the engine"), ("wakes", "wakes itself")],
)
def test_once_is_too_often(field, name):
    (miss,) = missed(counts(), counts(**{field: 1}))
    assert miss.endswith(name)
    (miss,) = missed(counts(), counts("faults", "jumps, +6 dB", **{field: 1}))
    assert miss.startswith("jumps, 10 minutes")


def test_a_start_up_sound_that_wakes_the_device_is_a_miss():
    silent = {"replies": 0, "whole": 0}
    assert missed(counts("chime", **silent), counts("chime", wakes=1, **silent)) == ["2 start-up sounds: wakes itself"]


@pytest.mark.parametrize(
    ("echo_db", "dips", "fine"), [(0.0, 2, True), (0.0, 3, False), (6.0, 20, True), (6.0, 21, False)]
)
def test_a_louder_echo_may_lower_a_reply_more_often(echo_db, dips, fine):
    done = [counts(echo_db=echo_db, dips=dips), counts(echo_db=echo_db)]
    assert (missed(*done) == []) == fine


def test_past_what_can_be_cancelled_it_must_notice_in_time():
    assert missed(counts("lost", "an echo after 800 ms", cuts=3, answers=2)) == []
    (miss,) = missed(counts("lost", "an echo after 800 ms", cuts=3, late=1))
    assert miss.startswith("an echo after 800 ms")


def test_a_device_that_says_nothing_does_not_pass():
    assert missed(counts(whole=49)) == [], "the scene ends in the last one"
    assert missed(counts(whole=40)) == ["replies heard to their end, of 50"]


def test_what_is_heard_after_a_reply_is_no_voice():
    fine = counts(tails=50, loudest_dbfs=[-60.0] * 50)
    assert missed(fine) == []
    assert missed(counts(tails=50, voiced=1, loudest_dbfs=[-40.0] * 50)) == [
        "… after which the engine finds a voice, of 50"
    ]
    told = {figure.name: figure.value for figure in figures([fine])}
    assert told["… p95"] == -60.0


def test_the_worst_cases_are_told_first():
    told = notes([counts(case=f"case {n}", cuts=n) for n in range(WORST + 3)])
    assert told[0].startswith(f"case {WORST + 2}: {WORST + 2} cuts")
    assert told[-1] == f"… and 2 more of {WORST + 3} cases"
    assert notes([counts()]) == ()
