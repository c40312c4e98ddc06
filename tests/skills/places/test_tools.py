import dataclasses
import logging
from datetime import UTC, datetime

import pytest
from support.skills import Machine

from device.skills.places.spot import Spot
from device.skills.skills import builtin_tools

BERLIN = Spot("Berlin", 52.52, 13.405)


@pytest.fixture
def device(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return Machine()


def at(device, place):
    device.tools = builtin_tools(dataclasses.replace(device.device, spot=place))


async def test_it_tells_todays_sun_in_the_zone_of_the_device(device):
    at(device, BERLIN)
    assert await device.call("get_sun") == {
        "place": "Berlin",
        "date": "2026-11-22",
        "sunrise": "07:40",
        "sunset": "16:04",
        "daylight_minutes": 504,
    }


async def test_summer_time_of_the_day_that_is_asked_for_counts(device):
    at(device, BERLIN)
    summer = await device.call("get_sun", date="2026-06-21")
    assert (summer["sunrise"], summer["sunset"]) == ("04:43", "21:33")


async def test_the_sun_may_neither_rise_nor_set(device):
    at(device, Spot("Tromsø", 69.65, 18.96))
    assert (await device.call("get_sun", date="2026-12-21"))["sun"] == "does not rise"
    assert (await device.call("get_sun", date="2026-06-21"))["sun"] == "is up all day"


async def test_without_a_place_it_says_so_and_the_owner_is_told_what_to_set(device, caplog):
    caplog.set_level(logging.INFO)
    result = await device.call("get_sun")
    assert result["place"] is None
    assert "[home]" in caplog.text


@pytest.mark.parametrize("said", ["2026-02-31", "tomorrow", "", "2026-13-01", "1800-01-01", "9999-12-31", "x" * 1000])
async def test_a_date_that_does_not_exist_is_an_error(device, said):
    at(device, BERLIN)
    result = await device.call("get_sun", date=said)
    assert "error" in result if said else "sunrise" in result
    assert len(str(result)) < 200


async def test_without_a_clock_today_is_not_known(device):
    at(device, BERLIN)
    device.time = datetime(1970, 1, 1, tzinfo=UTC)
    assert "does not know the time" in (await device.call("get_sun"))["error"]
