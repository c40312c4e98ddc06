from datetime import UTC, datetime

import pytest
from support.skills import Machine


@pytest.fixture
def device():
    return Machine()


async def test_time(device):
    assert await device.call("get_time") == {"time": "14:05", "date": "2026-11-22", "weekday": "Sunday"}


async def test_before_the_clock_is_set_no_time_is_told(device):
    device.time = datetime(1970, 1, 1, 0, 2, tzinfo=UTC)
    assert "does not know the time" in (await device.call("get_time"))["error"]
