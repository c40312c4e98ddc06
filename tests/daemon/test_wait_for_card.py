"""A service waits for its card, showing the fault; a user is told at once."""

import asyncio
import os
import signal
import threading
from types import SimpleNamespace

import pytest

from device.audio.card.base import CardError
from device.conversation.states import State
from device.daemon.wait_for_card import wait_for_card
from device.settings.tree import Settings

WAITING = "Waiting for the sound card: no microphone is called Jabra"


class Manager:
    """A service manager that keeps what it is told."""

    def __init__(self, *, listens=True):
        self.listens = listens
        self.told = []

    def tell(self, message):
        self.told.append(message)


class Panel:
    def __init__(self, assistant):
        self.state, self.open_now = assistant.state, False

    def open(self):
        self.open_now = True

    def close(self):
        self.open_now = False


@pytest.fixture
def card(monkeypatch):
    """Return what finds no card so many times, then one."""
    found = SimpleNamespace(missing=0, tries=0, on_try=lambda: None, card=object(), panels=[])

    def make(_settings):
        found.tries += 1
        found.on_try()
        if found.tries <= found.missing:
            raise CardError("no microphone is called Jabra")
        return found.card

    def panel(_settings, assistant):
        found.panels.append(Panel(assistant))
        return found.panels[-1]

    monkeypatch.setattr("device.daemon.wait_for_card.ProcessCard", make)
    monkeypatch.setattr("device.daemon.wait_for_card.Panel", panel)
    monkeypatch.setattr("device.daemon.wait_for_card.POLL_S", 0.001)
    monkeypatch.setattr("device.audio.card.retry.RETRY_S", 0.0)
    return found


async def test_a_card_that_is_there_is_taken_and_nothing_is_said(card):
    manager = Manager()
    assert await wait_for_card(Settings(), manager) is card.card
    assert manager.told == []
    assert card.panels == []


async def test_a_service_waits_alive_with_a_light_and_says_once_what_it_waits_for(card, caplog):
    card.missing = 3
    manager = Manager()
    assert await wait_for_card(Settings(), manager) is card.card
    assert manager.told == [f"READY=1\nWATCHDOG=1\nSTATUS={WAITING}"] * 3 + ["WATCHDOG=1"]
    assert [(panel.state, panel.open_now) for panel in card.panels] == [(State.FAULT, False)]
    assert [record.message for record in caplog.records] == [WAITING]


async def test_before_a_user_nothing_is_waited_for(card):
    card.missing = 1
    with pytest.raises(CardError, match="Jabra"):
        await wait_for_card(Settings(), Manager(listens=False))
    assert card.tries == 1


async def test_sigterm_ends_the_waiting_and_the_light(card):
    card.missing = 10**9
    card.on_try = lambda: card.tries == 3 and os.kill(os.getpid(), signal.SIGTERM)
    assert await asyncio.wait_for(wait_for_card(Settings(), Manager()), 10) is None
    assert not card.panels[0].open_now


async def test_sigterm_does_not_wait_for_a_look_that_lasts(card):
    going = threading.Event()
    card.on_try = lambda: (os.kill(os.getpid(), signal.SIGTERM), going.wait(10))
    try:
        assert await asyncio.wait_for(wait_for_card(Settings(), Manager()), 5) is None
    finally:
        going.set()
