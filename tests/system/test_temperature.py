"""How hot the machine is."""

import pytest

from device.system.temperature import celsius


@pytest.mark.parametrize(
    ("zones", "degrees"),
    [
        ((), None),
        (("48312",), 48.312),
        (("48312\n", "61000\n", "-273000\n", "65535000\n"), 61.0),
        (("", "hot", "\xb0"), None),
    ],
)
def test_the_hottest_that_can_be_counts(tmp_path, zones, degrees):
    for number, text in enumerate(zones):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text, "latin-1")
    (tmp_path / "cooling_device0").mkdir()
    (tmp_path / "thermal_zone77").mkdir()
    assert celsius(tmp_path) == degrees
    assert celsius(tmp_path / "nowhere") is None
