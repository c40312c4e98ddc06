import pytest
from support.skills import Machine


@pytest.fixture
def device():
    return Machine()


async def test_a_list_from_its_beginning_to_its_end(device):
    assert await device.call("add_to_list", items=["milk", "eggs"]) == {
        "list": "shopping",
        "added": ["milk", "eggs"],
        "already_there": [],
    }
    assert await device.call("add_to_list", list="Groceries", items=["egg"]) == {
        "list": "shopping",
        "added": [],
        "already_there": ["egg"],
    }
    assert await device.call("read_list", list="shopping") == {
        "list": "shopping",
        "count": 2,
        "items": ["milk", "eggs"],
    }
    assert await device.call("read_list") == {"lists": {"shopping": 2}}
    assert await device.call("remove_from_list", items=["milk", "beer"]) == {
        "list": "shopping",
        "removed": ["milk"],
        "not_there": ["beer"],
    }
    assert await device.call("clear_list", list="shopping") == {"list": "shopping", "removed_count": 1}
    assert await device.call("read_list") == {"lists": {}}


@pytest.mark.parametrize(
    "arguments", [{}, {"items": []}, {"items": ["x" * 2048]}, {"items": ["x" * 500]}, {"items": "milk"}]
)
async def test_what_makes_no_entry_is_refused(device, arguments):
    assert "error" in await device.call("add_to_list", **arguments)
    assert device.lists.all == {}


async def test_of_a_long_list_not_all_is_told(device):
    device.lists.resume({"shopping": [f"thing {n}" for n in range(10_000)]})
    told = await device.call("read_list", list="")
    assert (told["count"], len(told["items"])) == (10_000, 50)
