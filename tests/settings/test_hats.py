"""Boards on the pins: one line sets what they have, and what is set beside it counts over it."""

import pytest

from device.settings import hats
from device.settings.loading import load, read, table_faults
from device.settings.panel import wrong_pins
from device.settings.tree import Settings


def test_one_line_sets_card_lights_and_button(write, home):
    settings = load(write('hat = "respeaker-2mic"'), home)
    assert (settings.card.input, settings.card.output) == ("seeed-2mic", "seeed-2mic")
    assert (settings.panel.leds, settings.panel.count, settings.panel.button_pin) == ("apa102", 3, 17)


def test_what_is_set_beside_it_counts_over_it_and_origins_say_which_is_whose(write, home):
    path = write('hat = "respeaker-2mic"\n[card]\noutput = "USB"\n[panel]\nbutton_pin = 23')
    loaded = read(path, home)
    assert (loaded.settings.card.input, loaded.settings.card.output) == ("seeed-2mic", "USB")
    assert (loaded.settings.panel.leds, loaded.settings.panel.button_pin) == ("apa102", 23)
    assert loaded.origins["card.input"] == "hat respeaker-2mic"
    assert loaded.origins["card.output"] == loaded.origins["panel.button_pin"] == str(path)


def test_a_profile_and_a_board_go_together(write, home):
    settings = load(write('profile = "kiosk"\nhat = "respeaker-4mic"'), home)
    assert settings.tools != Settings().tools
    assert (settings.card.input, settings.panel.count, settings.panel.power_pin) == ("seeed-4mic", 12, 5)


def test_none_changes_nothing(write, home):
    assert load(write('hat = "none"'), home) == Settings()


@pytest.mark.parametrize("name", hats.LAYERS)
def test_each_board_s_layer_is_sound(name, write, home):
    assert table_faults(hats.LAYERS[name]) == []
    assert list(wrong_pins(load(write(f'hat = "{name}"'), home).panel)) == []
