import doctest

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from device.sample_clock import CLOCK_RATE
from device.skills.timers import timers as module
from device.skills.timers.timers import LAST, LONGEST_NAME, LONGEST_S, MOST, Timers


class Clock:
    at = 0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def timers(clock):
    return Timers(clock)


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0


def test_a_timer_rings_once_at_its_time(timers, clock):
    clock.at = 5 * CLOCK_RATE
    timer = timers.add(10)
    assert timer.ends == 15 * CLOCK_RATE
    assert timers.due(15 * CLOCK_RATE - 1) == []
    assert timers.due(15 * CLOCK_RATE) == [timer]
    assert timers.due(99 * CLOCK_RATE) == []
    assert timers.rung == (timer,)
    assert timers.running == ()


def test_names_are_unique(timers):
    assert [timers.add(300).name for _ in range(3)] == [
        "five minute timer",
        "five minute timer 2",
        "five minute timer 3",
    ]
    assert timers.add(9, "Pasta").name == "Pasta"
    assert timers.add(9, " pasta  timer ").name == "pasta timer 2"


@pytest.mark.parametrize("said", ["five minute timer", "5 minutes", "the 5-minute timer", "My Five Minute Timer"])
def test_a_timer_is_found_as_people_say_it(timers, said):
    kept = timers.add(60)
    timer = timers.add(300)
    assert timers.cancel(said) == [timer]
    assert timers.running == (kept,)


def test_cancel_without_a_name_cancels_all_and_with_a_wrong_one_nothing(timers):
    both = [timers.add(1), timers.add(2, "tea")]
    assert timers.cancel("coffee") == []
    assert timers.cancel(" ") == both
    assert timers.due(10**9) == []


def test_remaining_seconds_are_rounded_up(timers, clock):
    timer = timers.add(10)
    clock.at = 1
    assert timers.remaining_s(timer) == 10
    clock.at = CLOCK_RATE
    assert timers.remaining_s(timer) == 9
    clock.at = 20 * CLOCK_RATE
    assert timers.remaining_s(timer) == 0


def test_limits(timers):
    with pytest.raises(ValueError, match="one second"):
        timers.add(0)
    for _ in range(MOST):
        timers.add(60)
    assert len({timer.name for timer in timers.running}) == MOST
    with pytest.raises(ValueError, match="50 timers already"):
        timers.add(60)


class AnyUse(RuleBasedStateMachine):
    """Whatever happens, every timer ends exactly once: rung in time, or cancelled."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.timers = Timers(self.clock)
        self.expected = {}

    @rule(seconds=st.integers(1, 100), name=st.sampled_from(["", "tea", "Tea ", "egg"]))
    def add(self, seconds, name):
        if len(self.expected) < MOST:
            timer = self.timers.add(seconds, name)
            assert timer.name not in self.expected
            self.expected[timer.name] = self.clock.at + seconds * CLOCK_RATE

    @rule(step=st.integers(0, 60 * CLOCK_RATE))
    def run(self, step):
        self.clock.at += step
        rung = self.timers.due(self.clock.at)
        assert [timer.ends for timer in rung] == sorted(timer.ends for timer in rung)
        assert {timer.name for timer in rung} == {n for n, ends in self.expected.items() if ends <= self.clock.at}
        for timer in rung:
            assert self.expected.pop(timer.name) == timer.ends

    @rule(name=st.sampled_from(["tea", "egg", "nothing"]))
    def cancel(self, name):
        for timer in self.timers.cancel(name):
            assert self.expected.pop(timer.name) == timer.ends

    @invariant()
    def all_are_there_in_order(self):
        running = self.timers.running
        assert {timer.name: timer.ends for timer in running} == self.expected
        assert [timer.ends for timer in running] == sorted(timer.ends for timer in running)


TestAnyUse = AnyUse.TestCase


def test_a_name_has_a_length():
    timers = Timers(lambda: 0)
    assert timers.add(60, "x" * LONGEST_NAME).name == "x" * LONGEST_NAME
    with pytest.raises(ValueError, match=str(LONGEST_NAME)):
        timers.add(60, "x" * (LONGEST_NAME + 1))


def test_time_is_added_and_taken_off():
    now = 0
    timers = Timers(lambda: now)
    timer = timers.extend(timers.add(300), 120)
    assert timers.remaining_s(timer) == 420
    assert timers.remaining_s(timers.extend(timer, -400)) == 20
    for seconds in (-20, LONGEST_S):
        with pytest.raises(ValueError, match=r"of it|that long"):
            timers.extend(timers.running[0], seconds)
    assert [t.name for t in timers.due(20 * CLOCK_RATE)] == ["five minute timer"]


def test_a_length_is_corrected_and_so_is_the_name_that_nobody_gave():
    now = 0
    timers = Timers(lambda: now)
    timer = timers.add(720)
    now = 60 * CLOCK_RATE
    timer = timers.correct(timer, 900)
    assert (timer.name, timers.remaining_s(timer)) == ("fifteen minute timer", 840)
    timer = timers.correct(timer, 300)
    assert (timer.name, timers.remaining_s(timer)) == ("five minute timer", 240)
    assert timers.correct(timers.add(600, "tea"), 120).name == "tea"
    with pytest.raises(ValueError, match="of it"):
        timers.correct(timer, 60)


def test_one_that_is_paused_stands_still():
    now = 0
    timers = Timers(lambda: now)
    timers.add(60, "tea")
    timers.add(120, "egg")
    now = 30 * CLOCK_RATE
    timers.pause(timers.find(timers.running, "tea")[0])
    now = 500 * CLOCK_RATE
    assert [t.name for t in timers.due(now)] == ["egg"]
    assert not timers.counting
    (tea,) = timers.running
    assert timers.remaining_s(tea) == 30
    assert timers.remaining_s(timers.pause(tea)) == 30, "twice is the same"
    assert timers.remaining_s(timers.extend(timers.running[0], 10)) == 40
    timers.go_on(timers.running[0])
    assert timers.counting
    now += 40 * CLOCK_RATE
    assert [t.name for t in timers.due(now)] == ["tea"]


def test_one_is_renamed_and_no_two_are_called_alike():
    timers = Timers(lambda: 0)
    timers.add(60, "tea")
    egg = timers.add(120, "egg")
    assert timers.rename(egg, "tea").name == "tea 2"
    assert timers.rename(timers.running[0], "the tea").name == "the tea"
    for name in ("", " ", "a" * 61):
        with pytest.raises(ValueError, match="1 to 60"):
            timers.rename(timers.running[0], name)


def test_the_last_one_is_that_which_was_set_last():
    timers = Timers(lambda: 0)
    assert timers.find(timers.running, LAST) == []
    timers.add(600, "roast")
    timers.add(60, "tea")
    timers.add(300, "egg")
    assert [t.name for t in timers.find(timers.running, LAST)] == ["egg"]
    timers.rename(timers.find(timers.running, LAST)[0], "eggs")
    assert [t.name for t in timers.cancel(LAST)] == ["eggs"]
    assert [t.name for t in timers.find(timers.running, LAST)] == ["tea"]
