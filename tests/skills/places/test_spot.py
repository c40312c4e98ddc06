import pytest

from device.settings.tree import HomeSettings
from device.skills.places import spot as module
from device.skills.places.spot import Spot, SpotError, spot


def test_nobody_said_where_it_is():
    assert spot(HomeSettings()) is None


@pytest.mark.parametrize("name", ["Berlin", "berlin", " BERLIN "])
def test_a_city_that_a_zone_is_called_after_is_known(name):
    assert spot(HomeSettings(place=name)) == Spot(name, 52.5, pytest.approx(13.367, abs=0.001))


def test_south_and_west_are_negative_and_a_name_may_have_two_words():
    found = spot(HomeSettings(place="Buenos Aires"))
    assert (found.latitude, found.longitude) == (-34.6, -58.45)


def test_coordinates_count_over_the_name():
    home = HomeSettings(place="Hinterdupfing", latitude=0.0, longitude=-180.0)
    assert spot(home) == Spot("Hinterdupfing", 0.0, -180.0)


@pytest.mark.parametrize(
    ("home", "fix"),
    [
        (HomeSettings(place="Atlantis"), "set home.latitude and home.longitude too"),
        (HomeSettings(latitude=52.5), "set both"),
        (HomeSettings(place="Berlin", longitude=13.4), "set both"),
    ],
)
def test_what_is_not_known_names_the_fix(home, fix):
    with pytest.raises(SpotError, match=fix):
        spot(home)


def test_a_system_without_the_table_knows_no_city(tmp_path):
    broken = tmp_path / "zone.tab"
    assert module._cities(broken) == {}  # noqa: SLF001
    broken.write_text("#\nDE\tnowhere\tEurope/Berlin\nhalf a line\nIS\t+6409-02151\tAtlantic/Reykjavik\n")
    module._cities.cache_clear()  # noqa: SLF001
    assert list(module._cities(broken)) == ["reykjavik"]  # noqa: SLF001
    module._cities.cache_clear()  # noqa: SLF001
