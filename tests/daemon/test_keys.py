"""Keys on a pseudoterminal, and signals, in place of a button."""

import asyncio
import os
import signal
from contextlib import contextmanager

import pytest

from device.daemon.keys import keys


class Pressed:
    def __init__(self):
        self.done = []
        self.changed = asyncio.Event()

    def press(self):
        self.note("press")

    def mute(self):
        self.note("mute")

    def note(self, what):
        self.done.append(what)
        self.changed.set()

    async def next(self):
        await asyncio.wait_for(self.changed.wait(), 10)
        self.changed.clear()
        return self.done[-1]


@pytest.fixture
def terminal():
    """Return where somebody types, and the terminal that is read."""
    typing, reading = os.openpty()
    with os.fdopen(reading, "r", buffering=1) as file:
        yield typing, file
    os.close(typing)


@contextmanager
def signals_restored():
    try:
        yield
    finally:
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            asyncio.get_running_loop().remove_signal_handler(number)


@pytest.mark.parametrize(("typed", "does"), [("\n", "press"), ("m\n", "mute"), (" M \n", "mute"), ("mm\n", "press")])
async def test_enter_is_the_button_and_m_a_long_press(terminal, typed, does):
    typing, file = terminal
    pressed = Pressed()
    with signals_restored(), keys(pressed.press, pressed.mute, file):
        os.write(typing, typed.encode())
        assert await pressed.next() == does
        assert len(pressed.done) == 1
    assert not asyncio.get_running_loop().remove_reader(file), "nobody reads it any more"


@pytest.mark.parametrize("typed", ["q\n", "quit\n", " Exit \n"])
async def test_who_wants_to_end_it_presses_nothing(terminal, typed):
    typing, file = terminal
    pressed = Pressed()
    with signals_restored(), keys(pressed.press, pressed.mute, file, lambda: pressed.note("end")):
        os.write(typing, typed.encode())
        assert await pressed.next() == "end"
        assert len(pressed.done) == 1


async def test_the_end_of_the_terminal_presses_nothing(terminal):
    typing, file = terminal
    pressed = Pressed()
    with signals_restored(), keys(pressed.press, pressed.mute, file):
        os.write(typing, b"\x04\n")  # Ctrl-D
        for _ in range(20):
            await asyncio.sleep(0)
        assert pressed.done == []


@pytest.mark.parametrize(("number", "does"), [(signal.SIGUSR1, "press"), (signal.SIGUSR2, "mute")])
async def test_signals_do_the_same_without_a_terminal(number, does):
    pressed = Pressed()
    with signals_restored(), keys(pressed.press, pressed.mute, None):
        os.kill(os.getpid(), number)
        assert await pressed.next() == does


async def test_what_is_no_terminal_is_not_read():
    reading, writing = os.pipe()
    pressed = Pressed()
    with os.fdopen(reading) as file, signals_restored(), keys(pressed.press, pressed.mute, file):
        os.write(writing, b"\n")
        for _ in range(5):
            await asyncio.sleep(0)
        assert pressed.done == []
    os.close(writing)
