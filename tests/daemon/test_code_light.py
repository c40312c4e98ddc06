"""A code that the lights tell."""

from device.daemon.code_light import ROUNDS, CodeLight
from device.panel.lights import counting_s


def test_it_is_told_a_few_times_and_then_no_more():
    now = 0.0
    light = CodeLight(lambda: now)
    assert light.digits == ""
    light.tell("123456")
    now = ROUNDS * counting_s("123456") - 0.1
    assert light.digits == "123456"
    now += 0.2
    assert light.digits == ""


def test_a_new_one_takes_the_place_of_the_one_before_and_none_ends_it():
    light = CodeLight(lambda: 0.0)
    light.tell("111111")
    light.tell("222222")
    assert light.digits == "222222"
    light.tell("")
    assert light.digits == ""


def test_it_is_no_secret_of_a_log():
    light = CodeLight(lambda: 0.0)
    light.tell("314159")
    assert "314159" not in repr(light)
