"""What is said aloud, and that the button is heard; the daemon is the test's."""

import asyncio
from contextlib import suppress

import pytest
from support.scripted_door import ScriptedDoor

from device.door import messages as door
from device.door.client import connect
from device.wifi import herald as module
from device.wifi.herald import MOST, Herald

OPENED = {"name": "Parley-1", "password": "1, 2", "network": "", "address": "10.42.97.1"}


@pytest.fixture
async def talks(tmp_path, monkeypatch):
    """Start a herald; yield it, its door and how often the button was heard."""
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    path, pressed = tmp_path / "door", asyncio.Queue()

    async def reach(who):
        return await connect(who, path)

    herald = Herald("en", reach)
    talking = asyncio.create_task(herald.tell(lambda: pressed.put_nowait(True)))
    yield herald, ScriptedDoor(path), pressed
    talking.cancel()
    with suppress(asyncio.CancelledError):
        await talking


async def test_sentences_are_said_one_after_the_other(talks):
    herald, daemon, _ = talks
    async with daemon:
        herald.say("not_password", "again", **OPENED | {"network": 'Café "x" {name}'})
        herald.say("joined", network="home", digits="12")
        first, second = await daemon.asked.get(), await daemon.asked.get()
    assert first == door.Say(
        'I could not join Café "x" {name}: its password is wrong. The Wi-Fi network Parley-1 is open again, with the '
        "same password: 1, 2.",
        id=first.id,
    )
    assert (second.text, second.digits) == ("I have joined the network home.", "12")


def test_what_waits_to_be_said_is_what_is_so_now():
    herald = Herald("en")
    for n in range(3 * MOST):
        herald.say("joined", network=f"home {n}")
    waiting = [herald._waiting.get_nowait() for _ in range(MOST)]  # noqa: SLF001
    assert "home 11" in waiting[-1].text
    assert "home 8" in waiting[0].text
    assert herald._waiting.empty()  # noqa: SLF001


async def test_without_a_daemon_nothing_is_said_of_what_was(talks):
    herald, daemon, _ = talks
    herald.say("closed")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        while not herald._waiting.empty():  # noqa: SLF001, ASYNC110
            await asyncio.sleep(0)
    async with daemon:
        await daemon.subscribed.get()
        herald.say("joined", network="home")
        assert "home" in (await daemon.asked.get()).text


async def test_the_button_is_heard_also_after_the_daemon_was_started_anew(talks):
    _, daemon, pressed = talks
    for _ in range(2):
        async with daemon:
            assert await daemon.subscribed.get() == ("code",)
            await daemon.tell(door.CodeMade(0.0), door.CodeMade(600.0))
            assert await pressed.get()
            assert pressed.empty()


def test_a_language_without_these_words_is_english():
    herald = Herald("xx")
    herald.say("closed")
    assert "hold my button" in herald._waiting.get_nowait().text  # noqa: SLF001


def test_what_is_said_is_no_longer_than_the_door_takes():
    herald = Herald("en")
    herald.say("joined", network="x" * 5000)
    assert len(herald._waiting.get_nowait().text) == door.LONGEST_SPOKEN  # noqa: SLF001
