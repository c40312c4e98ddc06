"""`[fleet]`."""

import pytest

from device.settings.loading import read, table_faults
from device.system import paths


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"url": "https://fleet.example/settings.toml"}, ""),
        ({"url": "ftp://fleet.example"}, "http"),
        ({"serial": -1}, "fleet.serial"),
        ({"urls": "https://x"}, "did you mean fleet.url"),
    ],
    ids=str,
)
def test_what_can_be_set(table, why):
    faults = table_faults({"fleet": table})
    assert [why in fault for fault in faults] == [True] * bool(why)


def test_what_is_set_on_the_device_counts_over_the_fleets(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "FLEET", tmp_path / "fleet.toml")
    paths.FLEET.write_text('language = "de"\nname = "Fleet"\n[fleet]\nserial = 3\n')
    machine = tmp_path / "machine.toml"
    machine.write_text('name = "Kiosk 7"\n')
    loaded = read(None, {"HOME": str(tmp_path)}, machine)
    assert (loaded.settings.language, loaded.settings.name, loaded.settings.fleet.serial) == ("de", "Kiosk 7", 3)
    assert (loaded.origins["language"], loaded.origins["name"]) == (str(paths.FLEET), str(machine))
