"""`[page]`: where it listens, and what a profile brings to it."""

import msgspec
import pytest

from device.settings import profiles
from device.settings.page import PICTURES, PageSettings


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (PageSettings(), "127.0.0.1"),
        (PageSettings(lan=True), "0.0.0.0"),
        (PageSettings(lan=True, host="192.0.2.1"), "192.0.2.1"),
        (PageSettings(host="::1"), "::1"),
    ],
)
def test_it_is_for_this_machine_alone_unless_it_is_said_otherwise(settings, address):
    assert settings.address == address


@pytest.mark.parametrize("ending", PICTURES)
def test_pictures_are_what_browsers_show(ending):
    for name in (f"museum{ending}", f"/a b/MUSEUM{ending.upper()}"):
        assert msgspec.convert({"picture": name}, PageSettings).picture == name


@pytest.mark.parametrize("picture", ["museum", "/etc/shadow", "museum.png.html", ".png\n", ".gif"])
def test_nothing_else_is(picture):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"picture": picture}, PageSettings)


def test_a_profile_brings_its_picture_its_words_and_its_languages(tmp_path):
    file = tmp_path / "museum.toml"
    file.write_text('picture = "hall.jpg"\nidle_screen = "Ask me!"\nlanguages = ["en", "de"]\n')
    layer = profiles.load(file).layer
    assert layer == {"page": {"picture": str(tmp_path / "hall.jpg"), "idle": "Ask me!", "languages": ["en", "de"]}}
    file.write_text('picture = "hall.exe"\n')
    with pytest.raises(profiles.ProfileError, match=r"picture.*\.png"):
        profiles.load(file)
