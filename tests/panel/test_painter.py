from types import SimpleNamespace

import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.conversation.states import State
from device.panel import lights
from device.panel.lights import SILENT
from device.panel.painter import Painter


class Strip:
    coloured = True

    def __init__(self, count=1):
        self.count, self.frames = count, []

    def show(self, frame):
        self.frames.append(frame)

    def close(self):
        self.frames.append(None)


@pytest.fixture
def assistant():
    card = SimpleNamespace(rate=16000, reference=RingBuffer(16000, 2), output_latency=1600)
    return SimpleNamespace(
        state=State.ASLEEP, sent=0, ringing=False, updating=False, setting_up=False, digits="", closed=False, card=card
    )


def test_at_rest_nothing_is_written(assistant):
    strip = Strip()
    painter = Painter(assistant, lambda: False, strip, None)
    assert not any(painter.paint(n / 10) for n in range(100))
    assert len(strip.frames) == 1


def test_listening_is_shown_only_while_sound_leaves(assistant):
    strip, lamp = Strip(3), SimpleNamespace(value=None)
    painter = Painter(assistant, lambda: False, strip, lamp)
    assistant.state = State.LISTENING
    assert painter.paint(0.0), "it would listen: that moves"
    assert strip.frames[-1][0] == (0, 0, 0)
    assistant.sent += 160
    assert not painter.paint(1.0)
    assert strip.frames[-1][0] == (1, 1, 1)
    assert lamp.value is True
    painter.paint(1.19)
    assert lamp.value is True
    painter.paint(1.21)
    assert lamp.value is False
    assert strip.frames[-1][0] == (0, 0, 0)


@pytest.mark.parametrize("state", SILENT)
def test_what_leaves_while_nothing_may_is_shown(assistant, state):
    strip, lamp = Strip(), SimpleNamespace(value=None)
    painter = Painter(assistant, lambda: False, strip, lamp)
    assistant.state = State.LISTENING
    assistant.sent += 160
    painter.paint(0.0)
    assistant.state = state
    painter.paint(0.1)
    quiet = strip.frames[-1]
    for n in range(1, 20):
        assistant.sent += 160
        painter.paint(0.1 + n * 0.1)
    assert lamp.value is True
    assert strip.frames[-1] != quiet
    assert min(max(frame[0]) for frame in strip.frames[-10:]) > 0.2


@pytest.mark.parametrize("state", SILENT)
def test_the_last_sound_before_falling_asleep_is_no_leak(assistant, state):
    strip = Strip()
    painter = Painter(assistant, lambda: False, strip, None)
    assistant.state = State.LISTENING
    for n in range(20):
        assistant.sent += 160
        painter.paint(n * 0.1)
    assistant.state = state
    for n in range(40):
        painter.paint(1.9 + n * 0.035)
        assert strip.frames[-1][0] != (1.0, 1.0, 1.0)


def test_a_reply_moves_the_lights(assistant):
    strip = Strip()
    painter = Painter(assistant, lambda: False, strip, None)
    assistant.state = State.SPEAKING
    for n in range(20):
        amplitude = 300 * n
        assistant.card.reference.write((amplitude * np.sin(np.arange(1600) / 5)).astype(np.int16))
        assert painter.paint(n / 10)
    brightness = [max(frame[0]) for frame in strip.frames]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) > 10


def test_it_shows_that_a_conversation_waits_for_the_wake_word(assistant):
    strip = Strip()
    painter = Painter(assistant, lambda: False, strip, None)
    assistant.state, assistant.closed = State.LISTENING, True
    painter.paint(0.0)
    assert strip.frames[-1] == lights.frame(lights.Status(State.LISTENING, closed=True), 0.0, 0.0, strip.count)


def test_it_goes_dark_when_it_is_closed(assistant):
    strip = Strip()
    Painter(assistant, lambda: False, strip, None).close()
    assert strip.frames == [None]


def test_a_light_is_tried_while_nothing_is_to_be_shown(assistant):
    strip, wanted = Strip(3), ["thinking"]
    painter = Painter(assistant, lambda: False, strip, None, lambda t: wanted[0])
    assert painter.paint(0.0), "it moves"
    assert strip.frames[-1] == lights.sample("thinking", 0.0, 3)
    wanted[0] = ""
    assert not painter.paint(1.0)
    assert strip.frames[-1] == ((0, 0, 0),) * 3


@pytest.mark.parametrize(
    "happens",
    [{"state": State.LISTENING}, {"state": State.FAULT}, {"ringing": True}, {"updating": True}, {"sent": 160}],
)
def test_what_happens_goes_before_a_light_that_is_tried(assistant, happens):
    strip, plain = Strip(3), Strip(3)
    tried = Painter(assistant, lambda: False, strip, None, lambda t: "listening")
    usual = Painter(assistant, lambda: False, plain, None)
    for t in (0.0, 1.0):
        tried.paint(t)
        usual.paint(t)
        for name, value in happens.items():
            setattr(assistant, name, value)
    assert strip.frames[-1] == plain.frames[-1]
