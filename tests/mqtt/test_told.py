"""What is told at a broker of what the door tells."""

import json
from datetime import datetime

from support.scripted_door import snapshot, state

from device.door import messages as door
from device.mqtt.told import LONGEST, Telling

NOW = 1_796_000_000.0


def telling(*, words=False):
    return Telling(words=words, clock=lambda: NOW)


def told(telling, *events):
    """Return what each topic says last, and what happened."""
    found, happened = {}, []
    for event in events:
        for what, payload in telling.on(event):
            if what == "alarm":
                happened.append(json.loads(payload))
            else:
                found[what] = payload
    return found, happened


def timer(name, left, seconds=300):
    return door.Timer(name=name, seconds=seconds, left_s=left, rings_at=NOW + left)


def test_a_snapshot_tells_all_there_is_but_words():
    found, happened = told(telling(), snapshot(state("listening"), volume=door.Volume(percent=40)))
    assert set(found) == {"state", "mute", "volume", "engine", "cost", "faults", "timers", "update"}
    assert (found["state"], found["mute"], found["volume"]) == ("listening", "OFF", "40")
    assert json.loads(found["engine"])["engine"] == "local"
    assert json.loads(found["cost"])["today"] == 1.5
    assert json.loads(found["faults"]) == {"problem": "OFF", "faults": []}
    assert json.loads(found["update"]) == {
        "installed_version": "0.0.0",
        "latest_version": "0.0.0",
        "in_progress": False,
    }
    assert not happened


def test_what_is_set_already_is_no_news():
    timers = door.Timers(timers=(timer("pasta", 60),))
    _, happened = told(telling(), snapshot(timers=timers))
    assert not happened


def test_cost_counts_from_midnight():
    found, _ = told(telling(), door.Cost(today=0.123456))
    cost = json.loads(found["cost"])
    since = datetime.fromisoformat(cost["since"])
    assert cost["today"] == 0.1235
    assert since.tzinfo
    assert (since.hour, since.minute) == (0, 0)
    assert 0 <= NOW - since.timestamp() < 90_000


def test_a_fault_is_a_problem_in_words():
    found, _ = told(telling(), door.Faults(faults=(door.Fault(code="card", what='the card "USB" is gone'),)))
    assert json.loads(found["faults"]) == {"problem": "ON", "faults": ['the card "USB" is gone']}


def test_a_timer_is_set_rings_and_ends():
    one = telling()
    none, pasta = door.Timers(), door.Timers(timers=(timer('"pasta"', 0.5),))
    found, happened = told(one, none, pasta)
    assert happened == [{"event_type": "set", "kind": "timer", "name": '"pasta"', "seconds": 300}]
    assert abs(datetime.fromisoformat(json.loads(found["timers"])["next"]).timestamp() - NOW) <= 1
    _, happened = told(one, door.Timers(ringing=True), none)
    assert happened == [{"event_type": "ringing", "names": ['"pasta"']}, {"event_type": "ended"}]


def test_a_second_one_that_rings_meanwhile_is_told_too():
    one = telling()
    _, happened = told(one, door.Timers(timers=(timer("tea", 1),), ringing=True), door.Timers(ringing=True))
    assert happened == [{"event_type": "ringing", "names": ["tea"]}]


def test_a_timer_that_goes_before_its_time_is_cancelled():
    _, happened = told(telling(), door.Timers(timers=(timer("tea", 60),)), door.Timers())
    assert happened == [{"event_type": "cancelled", "kind": "timer", "name": "tea", "seconds": 300}]


def test_a_paused_timer_does_not_ring():
    paused = door.Timers(timers=(door.Timer("tea", 300, 1, NOW + 1, paused=True),))
    _, happened = told(telling(), paused, door.Timers())
    assert [one["event_type"] for one in happened] == ["cancelled"]
    assert json.loads(told(telling(), paused)[0]["timers"])["next"] is None


def test_an_alarm_of_every_day_rings_and_is_not_cancelled():
    def at(rings_at, **more):
        return door.Timers(alarms=(door.Alarm(1, "alarm", "", rings_at, (0, 1)),), **more)

    _, happened = told(telling(), at(NOW), at(NOW + 86_400, ringing=True))
    assert happened == [{"event_type": "ringing", "names": [""]}]


def test_an_alarm_whose_clock_is_not_set_yet_is_no_time():
    found, _ = told(telling(), door.Timers(alarms=(door.Alarm(1, "reminder", "water"),)))
    assert json.loads(found["timers"])["next"] is None


def test_words_are_told_only_if_that_is_wished():
    said = (
        door.Caption("u", "user", "Hello", final=True),
        door.Caption("a", "assistant", "Good evening, all.", final=True),
        door.Heard("a", 12, over=True),
    )
    assert told(telling(), *said) == ({}, [])
    found, _ = told(telling(words=True), *said)
    assert json.loads(found["user"]) == {"text": "Hello"}
    assert json.loads(found["reply"]) == {"text": "Good evening", "whole": False}


def test_words_that_are_not_over_are_not_told():
    said = (door.Caption("u", "user", "Hel"), door.Caption("a", "assistant", "Good"), door.Heard("a", 2))
    assert told(telling(words=True), *said) == ({}, [])


def test_a_long_text_is_cut():
    found, _ = told(telling(words=True), door.Caption("u", "user", "x" * 8000, final=True))
    assert len(json.loads(found["user"])["text"]) == LONGEST


def test_an_update_that_goes_on_is_told():
    one = telling()
    told(one, snapshot())
    now = door.State("asleep", "updating", updating=True)
    assert json.loads(told(one, now)[0]["update"])["in_progress"] is True
