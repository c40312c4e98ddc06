import pytest

from device.conversation.states import State
from device.panel.button import Gesture
from device.panel.painter import Painter
from device.panel.unattended import Unattended


class Strip:
    count, coloured = 1, True

    def __init__(self):
        self.frames = []

    def show(self, frame):
        self.frames.append(frame)


@pytest.mark.parametrize("state", [State.ASLEEP, State.FAULT])
def test_it_stays_in_its_state_whatever_it_is_told(state):
    unattended = Unattended(state)
    for gesture in Gesture:
        unattended.gesture(gesture)
    for closed in (True, False):
        unattended.switch(closed=closed)
    unattended.turn(3)
    assert (unattended.state, unattended.sent, unattended.ringing, unattended.updating) == (state, 0, False, False)
    assert not unattended.closed
    assert unattended.card.now == 0


@pytest.mark.parametrize(("state", "lit"), [(State.ASLEEP, False), (State.FAULT, True)])
def test_the_panel_shows_its_state(state, lit):
    strip = Strip()
    painter = Painter(Unattended(state), lambda: False, strip, None)
    for n in range(200):
        painter.paint(n / 50)
    assert any(max(frame[0]) > 0 for frame in strip.frames) is lit
