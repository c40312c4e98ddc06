"""In which rooms and with which cards the device is left alone: all of what was asked for, and no two alike."""

import numpy as np
import pytest

from device.bench.alone import plan
from device.bench.alone.run import FULL, LONG, QUICK, cases
from device.simulation.faults import schedule


def everything(*, odd: bool) -> list[plan.Case]:
    return [
        *plan.grid(60.0, odd=odd),
        *plan.faults(60.0, odd=odd),
        *plan.lost(60.0, odd=odd),
        *plan.cold(30, odd=odd),
        *plan.chimes(20, odd=odd),
        *plan.own_sounds(6, 30.0, odd=odd),
    ]


def test_the_grid_has_every_echo_with_every_delay_and_distance_of_stalls():
    found = {(case.echo_db, case.scene.room.delay_ms, case.stall_s) for case in plan.grid(60.0, odd=True)}
    assert len(found) == 3 * 7 * 3
    assert {delay for _, delay, _ in found} == {20, 60, 100, 200, 300, 400, 500}
    assert {echo for echo, _, _ in found} == {-10, 0, 6}
    assert {every for _, _, every in found} == {None, 20, 5}


def test_rooms_differ_and_those_that_judge_are_not_those_for_building():
    judged = [case.scene.room.seed for case in everything(odd=True)]
    built = [case.scene.room.seed for case in everything(odd=False)]
    assert len(set(judged)) == len(judged) == len(built) == len(set(built))
    assert all(seed % 2 for seed in judged)
    assert not any(seed % 2 for seed in built)


def test_rooms_are_of_all_kinds():
    rooms = [case.scene.room for case in plan.grid(60.0, odd=True)]
    for key, (least, most) in {"rt60": plan.RT60, "clip": plan.CLIP, "noise_db": plan.NOISE_DB}.items():
        values = [getattr(room, key) for room in rooms]
        assert least <= min(values) < least + (most - least) / 5
        assert most - (most - least) / 5 < max(values) <= most
    assert {room.latency_ms for room in rooms} == set(plan.LATENCY_MS)


@pytest.mark.parametrize("every", [5.0, 20.0])
def test_stalls_come_about_as_often_as_is_said_and_are_of_the_card_and_of_the_process(every):
    found = schedule(plan.stalls(every, 600.0), 600.0, 1000, np.random.default_rng(0))
    assert len(found) == 600 / every
    assert {one.kind for one in found} == {"stall", "sleep", "freeze"}
    gaps = np.diff([one.frame for one in found]) / 1000
    assert every * 0.5 < gaps.min() < every * 0.95
    assert gaps.max() < every * 1.5
    lengths = [one.frames for one in found]
    assert 20 <= min(lengths) < 80
    assert 340 < max(lengths) <= 400


def test_every_other_fault_is_tried_at_two_levels():
    found = plan.faults(60.0, odd=True)
    assert len(found) == 22
    kinds = {fault.kind for case in found for fault in case.scene.faults}
    assert kinds == {"jump", "buffer", "stall", "overrun", "repeat", "drop"}
    rooms = [case.scene.room for case in found]
    assert any(not room.losses_told for room in rooms)
    assert any(room.losses_error_ms for room in rooms)
    assert any(not room.latency_told for room in rooms)
    assert any(room.second_delay_ms for room in rooms)
    assert any(case.scene.moves for case in found)
    assert any(len(case.scene.clocks) > 1 for case in found)


def test_half_of_the_cold_starts_are_spoken_to_in_the_start_up_sound():
    found = plan.cold(30, odd=True)
    assert sum(case.wait_s == 0 for case in found) == 15
    assert {case.echo_db for case in found} == set(plan.ECHO_DB)


@pytest.mark.parametrize(("part", "minutes"), [("grid", 3 * 7 * 3 * 30), ("faults", 24 * 10)])
def test_a_part_that_is_run_alone_is_as_long_as_the_claim(part, minutes):
    assert plan.minutes(cases(part, LONG)) == minutes


def test_a_whole_run_has_all_parts_and_is_reasonable():
    whole = cases("", FULL)
    assert {case.group for case in whole} == {"grid", "faults", "lost", "cold", "chime", "sounds"}
    assert 60 < plan.minutes(whole) < 100
    assert {case.group for case in cases("", QUICK)} >= {"grid", "faults", "cold", "sounds"}
    assert plan.minutes(cases("", QUICK)) < 5
    assert not any(case.scene.room.seed % 2 for case in cases("build", FULL))
