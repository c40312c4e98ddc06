from datetime import time

from device.skills.alarms.alarms import Alarms
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.named import MOST, spoken_of
from device.skills.timers.timers import Timers


def test_what_is_there_is_spoken_of_and_not_more_than_is_heeded():
    timers, alarms, lists = Timers(lambda: 0), Alarms(lambda: 2e9), Lists(words_of("en"))
    assert spoken_of(timers, alarms, lists) == ()
    timers.add(60, "lasagna")
    alarms.add(time(8), text="feed Zorro")
    alarms.add(time(9))
    lists.add("shopping", ["oat milk", "rice"])
    assert spoken_of(timers, alarms, lists) == ("lasagna", "feed Zorro", "shopping", "oat milk", "rice")
    lists.add("to-do", map(str, range(300)))
    assert len(spoken_of(timers, alarms, lists)) == MOST
