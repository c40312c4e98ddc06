import numpy as np
import pytest

from device.bench import earshot, sounds
from device.bench.earshot import Found, figures, plan, schultz
from device.bench.result import BenchError, Job
from device.settings.tree import Settings


def found(**what):
    usual = {
        "ratio": 2.0, "nearer": 0, "woken": [1, 1], "opened": [1, 0], "answered": [1, 0], "chime_s": [2.0, np.nan],
        "reply_s": [4.0, np.nan], "stayed": True, "unasked": 0,
    }  # fmt: skip
    return Found(**usual | what)


def shown(found):
    return {figure.name: figure for figure in figures(found)}


def test_in_a_furnished_room_the_level_falls_by_3_db_each_time_that_the_distance_doubles():
    assert schultz(4.0)[0] - schultz(2.0)[0] == pytest.approx(-3, abs=0.05)
    assert schultz(0.5)[1] < -20  # near by there is hardly any room
    assert schultz(8.0)[1] > schultz(2.0)[1] > schultz(1.0)[1]


def test_whatever_is_wrong_misses_its_bound():
    good = shown({"good": [found()] * 200})
    assert all(figure.reached for figure in good.values())
    for wrong, name in (
        ({"answered": [1, 1]}, "answered by exactly one"),
        ({"answered": [0, 0]}, "answered by exactly one"),
        ({"answered": [0, 1]}, "by the nearer one"),
        ({"stayed": False}, "what follows, by the same one"),
        ({"unasked": 1}, "woken by what follows"),
    ):
        assert not shown({"good": [found(**wrong)] * 12 + [found()] * 100})[name].reached, wrong


def test_who_was_heard_by_none_and_who_is_in_the_middle_do_not_count():
    calls = [found(woken=[0, 0], answered=[0, 0], opened=[0, 0]), found(ratio=1.1, answered=[0, 1]), found()]
    made = shown({"good": calls})
    assert made["answered by exactly one"].of == 2
    assert made["by the nearer one"].of == 1
    assert made["by the nearer one"].reached


def test_later_is_by_how_much_the_one_that_answers_is_later_than_by_itself():
    alone = found(chime_s=[1.9, 1.95], reply_s=[4.0, 4.0])
    made = shown({"good": [found(reply_s=[4.07, np.nan])], "alone": [alone]})
    assert made["the sound later, median"].value == pytest.approx(100)
    assert made["the reply later, p95"].value == pytest.approx(70)
    assert not made["the reply later, p95"].reached


def test_rooms_are_drawn_from_their_seeds_and_the_odd_ones_judge():
    spoken = [sound for sound in sounds.load() if sound.kind in ("wake", "complete")]
    one, again, other = plan(6, spoken, odd=True), plan(6, spoken, odd=True), plan(6, spoken, odd=False)
    assert one == again
    assert one[0].seed == 1
    assert other[0].seed == 0
    (room,) = one
    near, far = room.scenes
    assert [v.wav for v in near.visitors] == [v.wav for v in far.visitors]
    assert all(abs(a.at - b.at) < 0.03 for a, b in zip(near.visitors, far.visitors, strict=True))
    assert all(call.end <= near.seconds for call in room.calls)


def test_an_unknown_part_is_named_with_those_that_there_are():
    with pytest.raises(BenchError, match="good, bad, alone"):
        earshot.measure(Job(settings=Settings(), part="worse"))
