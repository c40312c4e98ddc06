"""The drawings of the pins are those of the settings, and those in the repository are the newest."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

import scripts.pins
from device.settings import hats
from device.settings.loading import table_faults
from device.settings.panel import wrong_pins
from device.settings.tree import Settings
from scripts.pins.drawing import GPIO, OTHERS, colour, draw, wired
from scripts.pins.setups import SETUPS

HERE = Path(scripts.pins.__file__).parent


def test_the_header_has_forty_pins_and_each_gpio_once() -> None:
    assert sorted(GPIO | OTHERS) == list(range(1, 41))
    assert sorted(GPIO.values()) == list(range(28))


@pytest.mark.parametrize("name", SETUPS)
def test_a_set_up_is_sound_and_drawn(name: str) -> None:
    setup = SETUPS[name]
    table = tomllib.loads(setup.settings)
    assert table_faults(table) == []
    assert list(wrong_pins(msgspec.convert(hats.under(table), Settings).panel)) == []
    assert not set(setup.supply) & set(GPIO)
    assert all(OTHERS[pin] == purpose for pin, purpose in setup.supply.items())
    svg = draw(setup)
    assert (HERE / f"{name}.svg").read_text(encoding="utf-8") == svg, "python -m scripts.pins draws them anew"
    lines = [one for one in ET.fromstring(svg).iter() if one.tag.endswith("line")]
    assert [one.get("stroke") for one in lines] == [colour(purpose) for purpose in wired(setup).values()]


def test_wires_are_where_the_settings_have_them() -> None:
    assert wired(SETUPS["led"]) == {6: "ground", 9: "ground", 11: "button", 12: "led"}
    assert wired(SETUPS["apa102"]) == {
        2: "5 V", 6: "ground", 9: "ground", 11: "button", 19: "SPI data", 23: "SPI clock",
    }  # fmt: skip


def test_each_drawing_is_shown() -> None:
    shown = (HERE / "README.md").read_text()
    assert all(f"({name}.svg)" in shown for name in SETUPS)
    assert {path.stem for path in HERE.glob("*.svg")} == set(SETUPS)
