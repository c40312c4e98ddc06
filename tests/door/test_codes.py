"""The code of the owner's page: who guesses, who comes late, who asks for many."""

import pytest

from device.door.codes import LASTS_S, MOST_MADE, TRIES, PageCodes, Refused


class Clock:
    def __init__(self):
        self.t = 1000.0

    def __call__(self):
        return self.t


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def codes(clock):
    return PageCodes(clock)


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_it_has_six_digits_and_holds_once(codes):
    code = codes.new()
    assert len(code) == 6
    assert code.isdigit()
    assert codes.seconds == LASTS_S
    codes.check(f" {code[:3]} {code[3:]} ")
    assert codes.seconds == 0
    with pytest.raises(Refused, match="no code"):
        codes.check(code)


def test_it_holds_for_ten_minutes(codes, clock):
    code = codes.new()
    clock.t += LASTS_S
    with pytest.raises(Refused, match="holds no longer"):
        codes.check(code)


def test_without_one_nothing_is_right(codes):
    for guess in ("", "000000"):
        with pytest.raises(Refused, match="there is no code"):
            codes.check(guess)


def test_a_new_one_takes_the_place_of_the_one_before(codes):
    before, code = codes.new(), codes.new()
    if before != code:
        with pytest.raises(Refused, match="wrong"):
            codes.check(before)
    assert codes.seconds


def test_who_guesses_waits_longer_each_time_and_then_it_is_void(codes, clock):
    code = codes.new()
    waits = []
    for n in range(TRIES):
        with pytest.raises(Refused) as refused:
            codes.check(wrong(code))
        waits.append(refused.value.wait_s)
        if n < TRIES - 1:
            with pytest.raises(Refused, match="too soon") as early:
                codes.check(code)
            assert early.value.wait_s == refused.value.wait_s
        clock.t += refused.value.wait_s
    assert waits == [1, 2, 4, 8, 0]
    with pytest.raises(Refused, match="there is no code"):
        codes.check(code)


def test_a_guess_that_is_no_number_is_wrong(codes, clock):
    codes.new()
    for guess in ("", "½", "9" * 1000):
        with pytest.raises(Refused, match="wrong"):
            codes.check(guess)
        clock.t += 10


def test_no_more_are_made_than_a_person_needs(codes, clock):
    for _ in range(MOST_MADE):
        codes.new()
    with pytest.raises(Refused) as refused:
        codes.new()
    assert refused.value.wait_s == LASTS_S
    clock.t += LASTS_S
    assert codes.new()
