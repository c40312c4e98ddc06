import asyncio
import logging
import threading
from types import SimpleNamespace

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.audio.ring import RingBuffer
from device.conversation.states import State
from device.panel.button import Gesture
from device.panel.panel import Panel
from device.settings.panel import PanelSettings


class Fake:
    """An assistant that does as it is told, and notes what it is told."""

    def __init__(self):
        self.state = State.ASLEEP
        self.sent = 0
        self.ringing = self.updating = self.setting_up = self.closed = False
        self.digits = ""
        self.card = SimpleNamespace(rate=16000, reference=RingBuffer(16000, 2), output_latency=1600)
        self.told = []

    def gesture(self, gesture):
        self.told.append(gesture)

    def switch(self, *, closed):
        self.told.append(closed)

    def turn(self, steps):
        self.told.append(steps)


class Strip:
    coloured = True

    def __init__(self, count=1):
        self.count, self.frames, self.closed = count, [], False

    def show(self, frame):
        self.frames.append(frame)

    def close(self):
        self.closed = True


@pytest.fixture
def assistant():
    return Fake()


@pytest.fixture
def factory():
    made = MockFactory(pin_class=MockPWMPin)
    yield made
    made.reset()


async def turns(times=3):
    """Let the event loop do what it was handed."""
    for _ in range(times):
        await asyncio.sleep(0)


async def told(assistant, count):
    """Wait until the assistant was told so many things."""
    while len(assistant.told) < count:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0.001)


# Lights


async def test_lights_that_fail_are_told_of_once_and_harm_nobody(assistant, factory, monkeypatch, caplog):
    class Broken(Strip):
        over = threading.Event()

        def show(self, frame):
            raise OSError("SPI: gone")

        def close(self):
            super().close()
            self.over.set()

    broken = Broken()
    monkeypatch.setattr("device.panel.panel.open_leds", lambda *_: broken)
    panel = Panel(PanelSettings(leds="apa102", button_pin=17), assistant, factory)
    assert panel.open() == []
    assert broken.over.wait(5)
    assert broken.closed
    factory.pin(17).drive_low()
    await turns()
    assert assistant.told == [Gesture.PRESS]
    panel.close()
    assert [r.message for r in caplog.records if "SPI: gone" in r.message]


async def test_the_lights_follow_the_state_at_once_and_go_dark_in_the_end(assistant, factory):
    panel = Panel(PanelSettings(leds="led", led_pin=12, streaming_pin=13, brightness=1.0), assistant, factory)
    panel.open()
    pin, lamp = factory.pin(12), factory.pin(13)

    async def until(condition):
        async with asyncio.timeout(5):
            while not condition():
                panel.attend()
                await asyncio.sleep(0.005)

    assistant.sent, assistant.state = 160, State.LISTENING
    await until(lambda: pin.state == 1.0 and lamp.state)
    assistant.state = State.ASLEEP
    await until(lambda: pin.state == 0.0 and not lamp.state)
    assistant.state = State.MUTED
    await until(lambda: pin.state == 1.0)
    panel.close()
    assert pin.function == lamp.function == "input"


# Buttons


async def test_a_press_reaches_the_assistant_in_the_next_turn_of_the_loop(assistant, factory):
    panel = Panel(PanelSettings(button_pin=17), assistant, factory)
    panel.open()
    pin = factory.pin(17)
    pin.drive_low()
    assert assistant.told == [], "nothing is done on the thread of the pins"
    await turns(2)
    assert assistant.told == [Gesture.PRESS]
    for bounce in (pin.drive_high, pin.drive_low, pin.drive_high):
        bounce()
    await told(assistant, 2)
    assert assistant.told == [Gesture.PRESS, Gesture.CLICK]
    pin.drive_low()
    await turns()
    assert assistant.told == [Gesture.PRESS, Gesture.CLICK, Gesture.DOUBLE]
    panel.close()
    assert pin.function == "input"


class Timers:
    """The timers that a loop was asked for; the test lets their time come."""

    def __init__(self, monkeypatch):
        self.now, self.waiting = 100.0, []
        monkeypatch.setattr("device.panel.panel.time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", self.call_later)

    def call_later(self, delay, what):
        timer = SimpleNamespace(delay=delay, what=what, cancelled=False)
        timer.cancel = lambda: setattr(timer, "cancelled", True)
        self.waiting.append(timer)
        return timer

    @property
    def next(self):
        """The one that is still to come."""
        (timer,) = (timer for timer in self.waiting if not timer.cancelled)
        return timer

    def pass_by(self):
        """Let the time of the next one come."""
        timer = self.next
        self.now += timer.delay
        self.waiting.remove(timer)
        timer.what()


async def test_a_button_that_is_held_needs_no_edge(assistant, factory, monkeypatch):
    timers = Timers(monkeypatch)
    panel = Panel(PanelSettings(button_pin=17), assistant, factory)
    panel.open()
    factory.pin(17).drive_low()
    await turns()
    assert timers.next.delay == pytest.approx(1.0)
    timers.pass_by()
    assert assistant.told == [Gesture.PRESS, Gesture.LONG]
    last = timers.next
    assert last.delay == pytest.approx(4.0)
    panel.close()
    assert last.cancelled


async def test_a_switch_counts_by_its_level_from_the_beginning(assistant, factory):
    factory.pin(22).drive_low()
    panel = Panel(PanelSettings(mute_pin=22, closed="high"), assistant, factory)
    panel.open()
    pin = factory.pin(22)
    assert assistant.told == [False]
    pin.drive_high()
    pin.drive_low()
    pin.drive_high()
    await turns()
    assert assistant.told[-1] is True, "however often it bounced, its level counts"
    panel.close()
    again = Fake()
    pin.drive_high()
    panel = Panel(PanelSettings(mute_pin=22, closed="low"), again, factory)
    panel.open()
    panel.close()
    assert again.told == [False]


async def test_volume_by_two_buttons(assistant, factory):
    panel = Panel(PanelSettings(volume="buttons", volume_up_pin=5, volume_down_pin=6), assistant, factory)
    panel.open()
    for pin in (5, 5, 6):
        factory.pin(pin).drive_low()
        factory.pin(pin).drive_high()
    await turns()
    assert assistant.told == [1, 1, -1]
    panel.close()


async def test_volume_by_an_encoder(assistant, factory):
    panel = Panel(PanelSettings(volume="encoder", volume_up_pin=5, volume_down_pin=6), assistant, factory)
    panel.open()
    one, other = factory.pin(5), factory.pin(6)

    def turn(first, second):
        for pin in (first, second):
            pin.drive_low()
        for pin in (first, second):
            pin.drive_high()

    turn(one, other)
    turn(one, other)
    turn(other, one)
    await turns()
    assert assistant.told in ([1, 1, -1], [-1, -1, 1])
    panel.close()


# What can be wrong


async def test_without_settings_nothing_is_opened(assistant, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("device.panel.panel.chips", lambda: pytest.fail("nobody wants a pin"))
    panel = Panel(PanelSettings(), assistant)
    assert panel.open() == []
    panel.close()
    assert [r.levelname for r in caplog.records if r.name == Panel.__module__] == ["DEBUG"]


async def test_on_a_laptop_it_is_one_line_at_debug(assistant, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("device.panel.panel.chips", list)
    panel = Panel(PanelSettings(leds="led", led_pin=12, button_pin=17, mute_pin=22), assistant)
    assert panel.open() == []
    panel.close()
    assert [r.levelname for r in caplog.records if r.name == Panel.__module__] == ["DEBUG"]
    assert assistant.told == []


async def test_a_pin_in_use_costs_only_its_part(assistant, factory, caplog):
    other = LED(12, pin_factory=factory)
    panel = Panel(PanelSettings(leds="led", led_pin=12, button_pin=17), assistant, factory)
    (fault,) = panel.open()
    assert "panel.led_pin: GPIO12 is in use" in str(fault)
    assert "choose another pin" in fault.fix
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    factory.pin(17).drive_low()
    await turns()
    assert assistant.told == [Gesture.PRESS]
    panel.close()
    other.close()


async def test_pins_that_cannot_be_right_are_told_of_all_at_once(assistant, factory):
    settings = PanelSettings(leds="rgb", red_pin=1, green_pin=2, button_pin=2)
    (fault,) = Panel(settings, assistant, factory).open()
    assert "panel.blue_pin is not set" in str(fault)
    assert "panel.button_pin: GPIO2 is used by panel.green_pin already" in str(fault)


async def test_a_light_is_shown_for_a_while_to_be_looked_at(assistant, factory):
    panel = Panel(PanelSettings(leds="led", led_pin=5), assistant, factory)
    assert not panel.has_lights
    panel.open()
    assert panel.has_lights
    pin = factory.pin(5)
    panel.show("muted", 60)
    while not pin.state:  # noqa: ASYNC110 - the lights' thread
        await asyncio.sleep(0.001)
    panel.show("muted", 0)
    while pin.state:  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0.001)
    panel.close()
