import os
import time

from device.bench.requests.household import BEGIN, ZONE, Household, its_zone


async def test_its_tools_act_on_it_and_its_clock_passes_only_when_told_to():
    household = Household()
    await household.registry.call("set_timer", '{"seconds": 600}')
    household.wait(60)
    assert household.left_s == (540,)
    assert household.now().timestamp() - BEGIN.timestamp() == 60
    await household.registry.call("set_volume", '{"percent": 70}')
    assert household.volume == 70
    assert "set_timer" in {tool.name for tool in household.tools}


async def test_what_is_due_rings_until_it_is_stopped():
    household = Household()
    await household.registry.call("set_timer", '{"seconds": 60, "name": "egg"}')
    await household.registry.call("set_alarm", '{"time": "10:20"}')
    household.wait(61)
    assert household.left_s == ()
    assert "egg" in (await household.registry.call("cancel_timer", "{}")).output
    household.wait(330)
    assert '"time":"10:25"' in (await household.registry.call("snooze", '{"minutes": 5}')).output


def test_the_process_lives_in_its_zone_only_meanwhile(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with its_zone():
        assert os.environ["TZ"] == ZONE
    assert os.environ["TZ"] == "Asia/Tokyo"
    monkeypatch.delenv("TZ")
    with its_zone():
        pass
    assert "TZ" not in os.environ
    time.tzset()
