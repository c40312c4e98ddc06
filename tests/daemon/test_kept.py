"""What outlives the process, on clocks of the test's own."""

import json

import pytest

from device.daemon import kept as module
from device.daemon.kept import BUSY, SPEECH, TIMERS, VOLUME, Kept, runtime_dir
from device.listen.gain import Gain
from device.sample_clock import CLOCK_RATE
from device.skills.timers.timers import MOST, Timers
from device.system import wall_clock

BEGIN = 1_800_000_000.0


class Playout:
    volume = 0.8


class Machine:
    """A machine with a clock on the wall, one that counts from its start, and assistants that come and go."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.boots = folder, 1
        self.wall, self.up, self.samples = BEGIN, 100.0, 0
        self.told_by_network = True
        monkeypatch.setattr(module.time, "time", lambda: self.wall)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.up)
        monkeypatch.setattr(wall_clock, "uptime", lambda: self.up)
        monkeypatch.setattr(wall_clock, "boot", lambda: f"boot {self.boots}")

    def pass_by(self, seconds):
        self.wall += seconds
        self.up += seconds
        self.samples += round(seconds * CLOCK_RATE)

    def start_anew(self, off_s, clock_s=None):
        """Cut the power for so long; the clock then shows as much more, or `clock_s` more."""
        self.boots += 1
        self.wall += off_s if clock_s is None else clock_s
        self.up = 20.0

    def assistant(self, setting=0.8, run=None):
        return Assistant(self, setting, run)


class Assistant:
    def __init__(self, machine, setting, run):
        self.machine = machine
        machine.samples = 0
        self.playout = Playout()
        self.playout.volume = setting
        self.timers = Timers(lambda: machine.samples)
        self.kept = Kept(machine.folder, self.timers, self.playout, setting=setting, run=run)
        self.kept.recall()

    def look(self, seconds=0.0, *, ringing=False):
        self.machine.pass_by(seconds)
        due = self.timers.due(self.machine.samples)
        self.kept.look(ringing=ringing)
        return [timer.name for timer in due]

    def left(self):
        return {timer.name: self.timers.remaining_s(timer) for timer in self.timers.running}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path / "state", monkeypatch)


class Speech:
    """Whose level the test says."""

    def __init__(self, db=None):
        self.db = db

    def push(self, block, *, alone):
        return False


def recalled(folder, microphone, speech):
    gain = Gain(speech=speech)
    kept = Kept(folder, Timers(lambda: 0), Playout(), setting=0.8, gain=gain, microphone=microphone)
    kept.recall()
    return kept, gain


def test_how_loud_speech_arrives_is_known_again_after_a_restart_at_the_same_microphone(tmp_path):
    speech = Speech()
    kept, _ = recalled(tmp_path, "Jabra", speech)
    kept.look(ringing=False)
    assert not (tmp_path / SPEECH).exists(), "nobody has spoken"
    speech.db = -58.04
    kept.look(ringing=False)
    assert json.loads((tmp_path / SPEECH).read_text()) == {"db": -58.0, "microphone": "Jabra"}
    _, gain = recalled(tmp_path, "Jabra", Speech())
    assert (gain.speech.db, gain.db) == (-58.0, 22.0)
    _, other = recalled(tmp_path, "HAT", Speech())
    assert (other.speech.db, other.db) == (None, 0.0)


def test_not_every_word_is_written(tmp_path):
    speech = Speech(-40.0)
    kept, _ = recalled(tmp_path, "Jabra", speech)
    kept.look(ringing=False)
    written = (tmp_path / SPEECH).stat()
    speech.db = -40.9
    kept.look(ringing=False)
    assert (tmp_path / SPEECH).stat() == written
    speech.db = -41.1
    kept.look(ringing=False)
    assert json.loads((tmp_path / SPEECH).read_text())["db"] == -41.1


def test_a_gain_that_is_set_is_neither_found_nor_kept(tmp_path):
    (tmp_path / SPEECH).write_text('{"db": -58.0, "microphone": "Jabra"}')
    gain = Gain(6.0)
    kept = Kept(tmp_path, Timers(lambda: 0), Playout(), setting=0.8, gain=gain, microphone="Jabra")
    kept.recall()
    assert gain.db == 6.0


def test_timers_outlive_the_process_and_go_on_meanwhile(machine):
    first = machine.assistant()
    first.timers.add(300)
    first.timers.add(60, "tea")
    first.look()
    machine.pass_by(20)
    second = machine.assistant()
    assert second.left() == {"tea": 40, "five minute timer": 280}
    assert second.look(40) == ["tea"]
    machine.pass_by(5)
    assert machine.assistant().left() == {"five minute timer": 235}


def test_timers_outlive_a_power_cut_by_the_wall_clock(machine):
    first = machine.assistant()
    first.timers.add(3600, "roast")
    first.look()
    machine.start_anew(600)
    assert machine.assistant().left() == {"roast": 3000}


@pytest.mark.parametrize("off", ["process", "power"])
def test_what_ran_out_meanwhile_rings_at_once_and_its_time_is_said(machine, off, caplog, zone):
    zone("Europe/Berlin")
    first = machine.assistant()
    first.timers.add(60, "tea")
    first.look()
    machine.pass_by(600) if off == "process" else machine.start_anew(600)
    second = machine.assistant()
    assert second.look() == ["tea"]
    assert "The timer 'tea' ran out at 09:01, while Parley did not run." in caplog.text
    second.look()
    assert machine.assistant().left() == {}, "it rings once"


def test_a_clock_that_the_network_sets_later_moves_the_timers_of_before(machine):
    first = machine.assistant()
    first.timers.add(3600, "roast")
    first.look()
    machine.pass_by(60)
    machine.start_anew(600, clock_s=-90)  # it starts from when it was saved
    second = machine.assistant()
    assert second.left() == {"roast": 3600}, "it is no earlier than it was"
    second.timers.add(100, "new")
    second.look(1)
    machine.wall += 690  # the network tells the time
    second.look(0.1)
    second.look(0.9)
    assert second.left() == {"roast": 3600 - 60 - 600 - 2, "new": 98}
    machine.start_anew(10)
    assert machine.assistant().left() == {"roast": 2928, "new": 88}


def test_a_clock_that_is_set_does_not_move_the_timers_that_run(machine):
    first = machine.assistant()
    first.timers.add(600)
    first.look()
    machine.wall += 10 * 365 * 86_400
    first.look(1)
    assert first.left() == {"ten minute timer": 599}
    machine.start_anew(100)
    assert machine.assistant().left() == {"ten minute timer": 499}


def test_a_timer_that_is_cancelled_or_has_rung_is_kept_no_longer(machine):
    first = machine.assistant()
    first.timers.add(60)
    first.timers.add(90)
    first.look()
    first.timers.cancel("60 seconds")
    first.look()
    first.timers.cancel("one minute timer")
    first.look()
    assert [timer["name"] for timer in json.loads((machine.folder / TIMERS).read_bytes())["timers"]] == [
        "one minute thirty second timer"
    ]
    first.look(90)
    assert not (machine.folder / TIMERS).exists()


def test_as_many_timers_as_may_run_are_kept(machine):
    first = machine.assistant()
    for _ in range(MOST):
        first.timers.add(60)
    first.look()
    assert len(machine.assistant().left()) == MOST


def test_the_volume_outlives_the_process_once_it_stays(machine):
    first = machine.assistant()
    for step in range(5):
        first.playout.volume = 0.5 + step / 100
        first.look(0.1)
    assert not (machine.folder / VOLUME).exists(), "each turn of the knob is not written"
    first.look(1.0)
    assert machine.assistant().playout.volume == 0.54
    first.playout.volume = 0.3
    first.kept.close()
    assert machine.assistant().playout.volume == 0.3


def test_the_volume_of_the_settings_counts_when_it_is_changed(machine):
    first = machine.assistant()
    first.playout.volume = 0.3
    first.look()
    first.look(1.5)
    assert machine.assistant(setting=0.6).playout.volume == 0.6


@pytest.mark.parametrize("text", ["", "{", "[]", '{"timers": 3}', '{"volume": "loud", "setting": 0.8}', "\x00" * 50])
def test_a_file_that_is_broken_is_passed_over_and_said(machine, text, caplog):
    machine.folder.mkdir()
    for name in (TIMERS, VOLUME):
        (machine.folder / name).write_text(text)
    assistant = machine.assistant()
    assert assistant.left() == {}
    assert assistant.playout.volume == 0.8
    assert "passed over" in caplog.text


def test_a_disk_that_takes_nothing_is_said_and_harms_nothing_else(machine, caplog):
    machine.folder.write_text("a file where the folder should be")
    assistant = machine.assistant()
    assistant.timers.add(5)
    assistant.playout.volume = 0.1
    assistant.look()
    assistant.look(2)
    assert assistant.look(3) == ["five second timer"]
    assert "timers will not outlast a restart" in caplog.text
    assert "the volume will not outlast a restart" in caplog.text


def test_without_a_folder_nothing_is_kept(machine):
    kept = Kept(None, Timers(lambda: 0), Playout(), setting=0.8)
    kept.recall()
    kept.look(ringing=True)
    kept.close()
    assert not machine.folder.exists()


def test_who_updates_can_see_that_a_timer_runs_or_rings(machine, tmp_path):
    assistant = machine.assistant(run=tmp_path)
    assert not (tmp_path / BUSY).exists()
    assistant.timers.add(60)
    assistant.look()
    assert (tmp_path / BUSY).exists()
    assistant.look(60, ringing=True)
    assert (tmp_path / BUSY).exists()
    assistant.look(1)
    assert not (tmp_path / BUSY).exists()


def test_the_folder_below_run_is_the_first_that_systemd_names(monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/parley:/run/more")
    assert str(runtime_dir()) == "/run/parley"
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    assert runtime_dir() is None


def test_a_timer_that_is_paused_stands_still_over_a_restart(machine):
    first = machine.assistant(run=None)
    first.timers.pause(first.timers.add(300, "tea"))
    first.look(50)
    machine.start_anew(1000)
    second = machine.assistant()
    assert second.left() == {"tea": 300}
    assert second.look(1000) == []
    second.timers.go_on(second.timers.running[0])
    second.look()
    assert machine.assistant().left() == {"tea": 300}
