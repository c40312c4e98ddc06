from device.doctor.unmet import check_unmet
from device.local.unmet import note
from device.settings.tree import Settings


def test_what_was_asked_for_is_said_with_what_would_help(tmp_path):
    path = tmp_path / "unmet.json"
    assert list(check_unmet(Settings(), [path])) == []
    for kind in ("weather", "music", "weather"):
        note(kind, path)
    (found,) = check_unmet(Settings(), [path, tmp_path / "none.json"])
    assert found.status == "ok"
    assert found.message.endswith("weather (2), music (1)")
    assert "brain.url" in found.fix
