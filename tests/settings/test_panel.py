from itertools import combinations

import pytest

from device.settings.panel import PanelSettings, used_pins, wrong_pins


@pytest.mark.parametrize(
    "panel",
    [
        PanelSettings(),
        PanelSettings(leds="led", led_pin=12, button_pin=17, mute_pin=22),
        PanelSettings(leds="apa102", button_pin=17),  # ReSpeaker 2-Mic
        PanelSettings(leds="apa102", count=12, power_pin=5, spi_device=1),  # ReSpeaker 4-Mic
        PanelSettings(leds="ws2812", button_pin=11),  # whose clock pin is free
        PanelSettings(led_pin=17, button_pin=17),  # no LED: its pin does not count
    ],
)
def test_panels_that_are_all_right(panel):
    assert list(wrong_pins(panel)) == []


@pytest.mark.parametrize(("one", "other"), [*combinations(["led_pin", "streaming_pin", "button_pin", "mute_pin"], 2)])
def test_a_pin_is_used_once(one, other):
    pins = {"led_pin": 1, "streaming_pin": 2, "button_pin": 3, "mute_pin": 4, one: 9, other: 9}
    (fault,) = wrong_pins(PanelSettings(leds="led", **pins))
    assert fault == f"panel.{other}: GPIO9 is used by panel.{one} already; give each its own"


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        (PanelSettings(leds="led"), 'panel.led_pin is not set, which "led" needs'),
        (PanelSettings(volume="encoder", volume_up_pin=1), 'panel.volume_down_pin is not set, which "encoder" needs'),
        (PanelSettings(leds="apa102", button_pin=11), "GPIO11 is used by the strip's SPI clock already"),
        (PanelSettings(leds="ws2812", mute_pin=10), "GPIO10 is used by the strip's SPI data already"),
        (PanelSettings(leds="apa102", button_pin=8), "GPIO8 is used by /dev/spidev0.0 already"),
    ],
)
def test_faults_name_the_key_and_what_is_in_the_way(panel, said):
    (fault,) = wrong_pins(panel)
    assert said in fault


def test_the_power_pin_counts_only_with_a_strip():
    assert used_pins(PanelSettings(leds="apa102", power_pin=5)) == {"power_pin": 5}
    assert used_pins(PanelSettings(power_pin=5)) == {}
