"""When faults happen: once or regularly, exactly or about then, and the same every time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.simulation.faults import Fault, Happening, schedule

RATE = 16_000


def planned(*faults: Fault, seconds: float = 60.0, seed: int = 0) -> list[Happening]:
    return schedule(faults, seconds, RATE, np.random.default_rng(seed))


def test_a_fault_happens_once():
    assert planned(Fault(at=2.5, kind="stall", ms=100)) == [Happening(40_000, "stall", 1600)]


@pytest.mark.parametrize(("until", "times"), [(None, 6), (40.0, 4), (34.0, 3), (4.5, 1)])
def test_a_regular_one_happens_until_its_end(until, times):
    found = planned(Fault(at=4, kind="freeze", ms=20, every=10, until=until))
    assert [one.frame / RATE for one in found] == [4.0 + 10 * n for n in range(times)]


def test_two_are_in_the_order_of_time():
    found = planned(Fault(at=5, kind="stall", ms=100, every=20), Fault(at=1, kind="jump", ms=-50, every=25))
    assert [(one.frame // RATE, one.kind) for one in found] == [
        *((1, "jump"), (5, "stall"), (25, "stall"), (26, "jump"), (45, "stall"), (51, "jump"))
    ]


@given(least=st.floats(1, 400), more=st.floats(0, 400), spread=st.floats(0, 3), seed=st.integers(0, 99))
def test_what_is_random_is_within_its_bounds_and_the_same_every_time(least, more, spread, seed):
    fault = Fault(at=2, kind="stall", ms=(least, least + more), every=5, spread=spread)
    found = planned(fault, seed=seed)
    assert found == planned(fault, seed=seed)
    for number, one in enumerate(found if spread < 2.5 else []):
        assert abs(one.frame / RATE - (2 + 5 * number)) <= spread + 1 / RATE
    assert all(round(least * 16) <= one.frames <= round((least + more) * 16) for one in found)
    assert all(0 <= one.frame <= 60 * RATE for one in found)


def test_another_fault_beside_it_changes_nothing():
    fault = Fault(at=2, kind="stall", ms=(20, 400), every=5, spread=2)
    alone = planned(fault)
    beside = planned(fault, Fault(at=1, kind="drop", ms=(20, 400), every=3))
    assert [one for one in beside if one.kind == "stall"] == alone
    assert planned(fault, seed=1) != alone
