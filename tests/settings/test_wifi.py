"""`[wifi]`: what may be set."""

import msgspec
import pytest

from device.settings.wifi import WifiSettings


@pytest.mark.parametrize("name", ["", "Kitchen", "A b-c!", "x" * 32])
def test_a_name_that_telephones_show(name):
    assert msgspec.convert({"name": name}, WifiSettings).name == name


@pytest.mark.parametrize(
    "section", [{"name": "x" * 33}, {"name": "Küche"}, {"name": "a\nb"}, {"wait_s": 1}, {"minutes": 0}, {"minutes": 61}]
)
def test_what_cannot_be(section):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(section, WifiSettings)
