import os
from types import SimpleNamespace

import pytest

from device.conversation.events import Button
from device.conversation.states import State
from device.daemon.controls import UPDATE_S, Controls
from device.daemon.mute import MuteSwitch
from device.panel.button import Gesture


class Fake:
    """A daemon that notes what it is told."""

    def __init__(self):
        self.told = []
        self.position = 1000
        self.ringing = False
        self.conversation = SimpleNamespace(state=State.ASLEEP, repeating=False, card_gone=False, closed=False)
        self.mute = MuteSwitch(lambda on: self.told.append(("mute", on)))
        self.playout = SimpleNamespace(volume=0.5)
        self.sounds = []
        self.earcons = SimpleNamespace(play=self.sounds.append)

    def on(self, event):
        self.told.append(event)

    def repeat(self):
        self.told.append("repeat")


@pytest.fixture
def daemon():
    return Fake()


@pytest.fixture
def controls(daemon, tmp_path):
    return Controls(daemon, mark=tmp_path / "updating")


@pytest.mark.parametrize("state", [State.SPEAKING, State.OVERLAP, State.LISTENING, State.THINKING, State.CONNECTING])
def test_a_press_acts_at_its_edge_and_the_release_does_nothing(controls, daemon, state):
    daemon.conversation.state = state
    controls.gesture(Gesture.PRESS)
    assert daemon.told == [Button(1000)]
    daemon.conversation.state = State.ASLEEP  # as it does where the press ends a conversation
    controls.gesture(Gesture.CLICK)
    assert daemon.told == [Button(1000)]


@pytest.mark.parametrize("state", [State.ASLEEP, State.FAULT])
def test_a_press_that_wakes_does_so_when_it_is_let_go_from_where_it_began(controls, daemon, state):
    daemon.conversation.state = state
    controls.gesture(Gesture.PRESS)
    assert daemon.told == []
    daemon.position = 3000
    controls.gesture(Gesture.CLICK)
    assert daemon.told == [Button(1000)]


def test_who_holds_the_button_of_a_sleeping_device_mutes_it_and_wakes_nothing(controls, daemon):
    controls.gesture(Gesture.PRESS)
    controls.gesture(Gesture.LONG)
    assert daemon.told == [("mute", True)]
    controls.gesture(Gesture.LONG)
    assert daemon.told == [("mute", True), ("mute", False)]
    assert daemon.sounds == ["sleep", "wake"]


@pytest.mark.parametrize("what", ["ringing", "repeating"])
def test_what_sounds_while_it_sleeps_ends_at_the_edge(controls, daemon, what):
    daemon.ringing = what == "ringing"
    daemon.conversation.repeating = what == "repeating"
    controls.gesture(Gesture.PRESS)
    assert daemon.told == [Button(1000)]
    daemon.ringing = daemon.conversation.repeating = False
    controls.gesture(Gesture.CLICK)
    assert daemon.told == [Button(1000)], "and it does not wake"


def test_if_it_woke_meanwhile_the_release_does_not_end_that(controls, daemon):
    controls.gesture(Gesture.PRESS)
    daemon.conversation.state = State.CONNECTING  # by the wake word
    controls.gesture(Gesture.CLICK)
    assert daemon.told == []


@pytest.mark.parametrize("muted", [False, True])
def test_who_holds_on_for_a_reset_leaves_mute_as_it_was(controls, daemon, muted):
    daemon.mute.want(on=muted)
    for gesture in (Gesture.PRESS, Gesture.LONG, Gesture.CODE, Gesture.RESET):
        controls.gesture(gesture)
    assert daemon.mute.on is muted
    assert daemon.sounds[-1] == "error"
    assert controls.ending == ""


def test_only_a_confirmed_reset_ends_the_program(controls, monkeypatch):
    killed = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(pid))
    for gesture in (
        Gesture.PRESS,
        Gesture.LONG,
        Gesture.CODE,
        Gesture.RESET,
        Gesture.RELENT,
        Gesture.PRESS,
        Gesture.CLICK,
    ):
        controls.gesture(gesture)
    assert controls.ending == ""
    controls.gesture(Gesture.CONFIRM)
    assert controls.ending == "reset"
    assert killed == [os.getpid()]


def test_a_double_press_repeats_and_knobs_turn(controls, daemon):
    controls.gesture(Gesture.DOUBLE)
    controls.turn(2)
    controls.switch(closed=True)
    assert daemon.told == ["repeat", ("mute", True)]
    assert daemon.playout.volume == pytest.approx(0.6)


@pytest.mark.parametrize("what", ["speaking", "overlap", "ringing", "repeating"])
def test_a_press_silences_what_sounds_however_soon_after_another(controls, daemon, what):
    if what in ("speaking", "overlap"):
        daemon.conversation.state = State(what)
    daemon.ringing = what == "ringing"
    daemon.conversation.repeating = what == "repeating"
    controls.gesture(Gesture.DOUBLE)
    assert [type(event) for event in daemon.told] == [Button]


@pytest.mark.parametrize(
    ("state", "shown"),
    [(State.ASLEEP, State.FAULT), (State.MUTED, State.MUTED), (State.LISTENING, State.LISTENING)],
)
def test_without_its_card_it_shows_a_fault_but_does_not_hide_what_matters_more(controls, daemon, state, shown):
    daemon.conversation.state = state
    assert controls.state is state
    daemon.conversation.card_gone = True
    assert controls.state is shown


@pytest.mark.parametrize("name", ["updating", "of-the-updater"])
def test_an_update_is_shown_while_its_mark_is_there_and_not_for_ever(daemon, tmp_path, monkeypatch, name):
    now = [0.0]
    monkeypatch.setattr(
        "device.daemon.controls.time", SimpleNamespace(monotonic=lambda: now[0], time=lambda: 1e9 + now[0])
    )
    monkeypatch.setattr("device.daemon.controls.UPDATER", tmp_path / "of-the-updater")
    controls = Controls(daemon, mark=tmp_path / "updating")
    mark = tmp_path / name
    assert not controls.updating
    mark.touch()
    os.utime(mark, (1e9, 1e9))
    assert not controls.updating, "it is looked for once a second"
    now[0] = 1.0
    assert controls.updating
    now[0] = UPDATE_S + 1
    assert not controls.updating


def test_that_wi_fi_is_being_set_up_is_shown_while_the_access_point_is_open(daemon, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("device.daemon.controls.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr("device.system.paths.WIFI_OPEN", tmp_path / "open")
    controls = Controls(daemon, mark=tmp_path / "updating")
    assert not controls.setting_up
    (tmp_path / "open").touch()
    assert not controls.setting_up, "it is looked for once a second"
    now[0] = 1.0
    assert controls.setting_up
    (tmp_path / "open").unlink()
    now[0] = 2.0
    assert not controls.setting_up


def test_it_is_shown_that_a_conversation_waits_for_the_wake_word(controls, daemon):
    assert not controls.closed
    daemon.conversation.closed = True
    assert controls.closed


@pytest.mark.parametrize("muted", [False, True])
def test_who_holds_the_button_for_the_pages_code_hears_it_and_leaves_mute_as_it_was(controls, daemon, muted):
    daemon.mute.want(on=muted)
    controls.speak_code = lambda: daemon.told.append("code")
    for gesture in (Gesture.PRESS, Gesture.LONG, Gesture.CODE):
        controls.gesture(gesture)
    assert daemon.told[-1] == "code"
    assert daemon.mute.on is muted


def test_a_new_start_ends_the_program_as_a_signal_does(controls, monkeypatch):
    killed = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(pid))
    controls.start_anew()
    assert (controls.ending, killed) == ("again", [os.getpid()])


def test_a_press_that_is_tried_wakes_nobody_and_does_all_else(controls, daemon):
    pressed = []
    controls.pressed = lambda: pressed.append(True)
    controls.gesture(Gesture.PRESS)
    controls.gesture(Gesture.CLICK)
    assert (pressed, daemon.told) == ([True], [])
    daemon.ringing = True
    controls.gesture(Gesture.PRESS)
    assert (pressed, daemon.told) == ([True, True], [Button(1000)])
    daemon.ringing, controls.pressed = False, None
    controls.gesture(Gesture.PRESS)
    controls.gesture(Gesture.CLICK)
    assert daemon.told == [Button(1000)] * 2
