"""Alarms that are kept and ring, on clocks of the test's own."""

from datetime import UTC, datetime, time

import pytest

from device.conversation.actions import Ring
from device.conversation.events import AlarmRang, Tick
from device.conversation.machine import Conversation
from device.conversation.ringing import ALARM_LIMIT, LIMIT
from device.daemon.alarm_clock import EVERY, FILE, NEAR_S, AlarmClock
from device.skills.alarms.alarms import Alarms


class Machine:
    def __init__(self, folder):
        self.folder = folder
        self.now, self.up, self.at = datetime(2026, 11, 22, 14, 5, tzinfo=UTC).timestamp(), 100.0, 0
        self.start()

    def start(self):
        """Start the assistant, or start it anew."""
        self.alarms = Alarms(lambda: self.now, lambda: self.up)
        self.clock = AlarmClock(self.alarms, self.folder, "en")
        self.clock.recall()

    def off(self, seconds, clock_s=None):
        """Cut the power for so long; the clock then shows as much more, or `clock_s` more."""
        self.now += seconds if clock_s is None else clock_s
        self.up = 20.0
        self.start()

    def look(self, seconds=0):
        self.now += seconds
        self.up += seconds
        self.at += EVERY
        return self.clock.look(self.at)


@pytest.fixture
def machine(tmp_path, zone):
    zone("UTC")
    return Machine(tmp_path / "state")


def test_alarms_outlive_a_power_cut_and_ring_in_time(machine):
    machine.alarms.add(time(7), days=range(5))
    machine.alarms.add(time(15), text="tea")
    machine.look()
    machine.off(600)
    assert [alarm.text for alarm in machine.alarms.all] == ["tea", ""]
    assert machine.look(45 * 60) == [AlarmRang(machine.at, "reminder", "tea", "This is your reminder: tea.")]
    machine.off(10)
    assert [alarm.text for alarm in machine.alarms.all] == [""], "the one that has rung is not kept"


def test_what_was_missed_is_said_afterwards(machine):
    machine.alarms.add(time(15), text="tea")
    machine.alarms.add(time(16))
    machine.look()
    machine.off(4 * 3600)
    assert [rang.says for rang in machine.look()] == [
        "You missed a reminder at three o'clock in the afternoon, while I was off: tea.",
        "You missed an alarm at four o'clock in the afternoon, while I was off.",
    ]
    assert not (machine.folder / FILE).exists()
    assert machine.look() == []


def test_what_was_missed_rings_for_as_long_as_a_timer_only():
    for missed, limit in ((True, LIMIT), (False, ALARM_LIMIT)):
        conversation = Conversation()
        assert conversation.on(AlarmRang(0, "alarm", "", "", missed), 0)[-1] == Ring(on=True)
        assert Ring(on=False) not in conversation.on(Tick(limit - 1), limit - 1)
        assert Ring(on=False) in conversation.on(Tick(limit), limit)


def test_with_a_clock_that_stood_still_they_wait_until_the_network_tells_the_time(machine):
    machine.alarms.add(time(15), text="tea")
    machine.look()
    machine.off(55 * 60, clock_s=0)
    assert machine.look() == []
    machine.now += 55 * 60
    assert [rang.text for rang in machine.look()] == ["tea"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"alarms":[{"number":1,"days":[9]}]}', b'{"alarms":[{"number":1,"at":1e999}]}', b"\xff\x00"],
)
def test_a_broken_file_is_passed_over_and_written_anew(machine, caplog, content):
    machine.folder.mkdir()
    (machine.folder / FILE).write_bytes(content)
    machine.start()
    assert "cannot be used" in caplog.text
    machine.alarms.add(time(15))
    machine.look()
    machine.start()
    assert len(machine.alarms.all) == 1


def test_a_file_with_too_many_or_empty_ones_does_no_harm(machine):
    machine.folder.mkdir()
    one = '{"number":1,"time":"07:00:00","text":"\\u0000' + "a" * 5000 + '"}'
    (machine.folder / FILE).write_text(f'{{"alarms":[{",".join([one] * 200)},{{"number":2}}]}}')
    machine.start()
    assert len(machine.alarms.all) == 50
    assert {len(alarm.text) for alarm in machine.alarms.all} == {300}
    assert machine.look() == []


def test_a_disk_that_takes_nothing_is_told_and_they_ring_all_the_same(machine, caplog):
    machine.folder.write_text("no folder")
    machine.start()
    machine.alarms.add_in(60)
    machine.look()
    assert "will not outlast a restart" in caplog.text
    assert len(machine.look(60)) == 1


def test_it_looks_once_a_second_and_tells_when_one_is_near(machine):
    machine.alarms.add_in(NEAR_S + 60)
    assert not machine.clock.near
    machine.look(60)
    assert machine.clock.near
    machine.now += NEAR_S
    machine.up += NEAR_S
    assert machine.clock.look(machine.at + EVERY - 1) == []
    assert len(machine.clock.look(machine.at + EVERY)) == 1


def test_without_a_folder_nothing_is_kept(zone):
    zone("UTC")
    machine = Machine(None)
    machine.alarms.add_in(5)
    assert len(machine.look(5)) == 1
