import pytest
from support.skills import Machine


@pytest.fixture
def device():
    return Machine()


@pytest.mark.parametrize(
    ("arguments", "percent"),
    [({"percent": 0}, 0), ({"percent": 100}, 100), ({"change": 15}, 65), ({"change": -80}, 0), ({"change": 100}, 100)],
)
async def test_volume(device, arguments, percent):
    assert await device.call("set_volume", **arguments) == {"percent": percent}
    assert device.percent == percent


@pytest.mark.parametrize("arguments", [{}, {"percent": 10, "change": 5}, {"percent": 101}, {"change": -101}])
async def test_a_volume_that_makes_no_sense_is_refused(device, arguments):
    assert "error" in await device.call("set_volume", **arguments)
    assert device.percent == 50


async def test_how_loud_it_is_is_told(device):
    assert await device.call("get_volume") == {"percent": 50}
