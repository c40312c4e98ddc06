from device.doctor.ears import check_ears
from device.local.stt import moonshine
from device.settings.tree import LocalSettings, Settings


def test_what_it_hears_with_is_said(monkeypatch):
    (found,) = check_ears(Settings(local=LocalSettings(stt="moonshine-tiny")))
    assert (found.status, found.message) == (
        "ok",
        "the local engine hears with Moonshine tiny: local.stt asks for it",
    )
    monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: 900)
    (found,) = check_ears(Settings())
    assert found.status == "ok"
    assert "tiny: there are 900 MB of memory" in found.message


def test_a_missing_base_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: 1850)
    (found,) = check_ears(Settings(models_dir=str(tmp_path)))
    assert found.status == "warn"
    assert "models fetch" in found.message


def test_others_are_not_spoken_of():
    elsewhere = LocalSettings(url="ws://box:1/v1/realtime")
    for settings in (Settings(local=LocalSettings(stt="sherpa-onnx")), Settings(local=elsewhere)):
        assert list(check_ears(settings)) == []
    assert moonshine.ears(Settings(local=LocalSettings(stt="moonshine-base"))).size == "base"
