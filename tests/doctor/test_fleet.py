"""What the doctor says of the settings of a fleet."""

from device.doctor.fleet import check_fleet
from device.settings.fleet import FleetSettings

SET = FleetSettings(url="https://fleet.example/settings.toml", serial=3)


def test_what_is_said_of_them(tmp_path, monkeypatch):
    keys, kept = tmp_path / "keys", tmp_path / "settings.toml"

    def said(settings=SET):
        return [(one.status, one.message, bool(one.fix)) for one in check_fleet(settings, keys, kept)]

    assert said(FleetSettings()) == []
    assert said() == [("fail", f"there is no {keys}: nobody may sign the settings of the fleet", True)]
    keys.touch()
    assert said() == [("warn", "no settings of the fleet have come yet", True)]
    kept.touch()
    assert said() == [("ok", "settings 3 of the fleet are in force, for 0 days", False)]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said()[0][0] == "fail"
    assert "ssh-keygen" in said()[0][1]
