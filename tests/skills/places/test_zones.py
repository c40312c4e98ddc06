import pytest

from device.language.language import load_language
from device.skills.places.zones import PlaceWords


@pytest.fixture
def places():
    return load_language("en").words("places", PlaceWords)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("new york", "America/New_York"),
        ("the United States", "America/New_York"),
        ("Tokyo", "Asia/Tokyo"),
        ("san francisco", "America/Los_Angeles"),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_the_zone_of_a_place_is_known(places, said, zone):
    assert str(places.zone(said)) == zone


@pytest.mark.parametrize("said", ["atlantis", "", "../../etc/passwd", "gmt+5", "x" * 5000])
def test_what_is_no_place_has_none(places, said):
    assert places.zone(said) is None


def test_all_zones_of_the_file_exist(places):
    assert all(places.zone(name) for name in places.zones)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("toronto my laddie is over there", "toronto"),
        ("mum is in Sydney", "Sydney"),
        ("new york", "new york"),
        ("nowhere", "nowhere"),
    ],
)
def test_a_place_is_known_among_other_words(said, place):
    assert load_language("en").words("places", PlaceWords).known(said) == place
