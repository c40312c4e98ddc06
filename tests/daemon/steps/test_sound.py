"""Microphone and loudspeaker tried in simulated rooms, by a daemon that has the card."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from support.doorway import door
from support.house import DRY, RATE, House, play, says
from support.listener import Listener

from device.audio.earcons import earcon
from device.daemon.steps.sound import judge
from device.door.client import DoorError
from device.door.first_steps import CheckSound, SoundIs
from device.door.messages import Done, Mute
from device.simulation.scene import Acoustics, CardEvent

USUAL = Acoustics(rate=RATE, echo_db=-6.0)


def checked(tmp_path, room, *, seconds=10, before=None, **more):
    """Return what is found in a room, or why nothing is."""
    found = []

    async def script(house):
        async with door(house) as client:
            if before is not None:
                await before(client, house)
            try:
                found.append(await client.request(CheckSound(), SoundIs))
            except DoorError as error:
                found.append(error)

    house = House(tmp_path, more.pop("visitors", []), seconds, room=room, **more)
    play(house, Listener(), script)
    (one,) = found
    return one


def test_in_a_usual_room_all_is_well_and_the_echo_is_measured(tmp_path):
    found = checked(tmp_path, USUAL)
    assert found.faults == ()
    assert found.delay_ms == pytest.approx(USUAL.delay_ms + USUAL.latency_ms, abs=15)
    assert found.removed_db > 10
    assert found.room == pytest.approx(USUAL.noise_db, abs=3)
    assert found.heard > found.room + 10
    assert -30 < found.played < -15
    assert 0 < found.peak < 0.7


def test_a_loudspeaker_that_the_microphone_does_not_hear_is_told(tmp_path):
    found = checked(tmp_path, DRY)
    assert found.faults == ("unheard",)
    assert (found.delay_ms, found.removed_db) == (None, None)


def test_a_microphone_without_any_sound_is_told(tmp_path):
    found = checked(tmp_path, Acoustics(rate=RATE, rt60=0.0, echo_db=-np.inf, noise_db=-np.inf))
    assert found.faults == ("zeros",)


def test_a_room_that_is_too_loud_is_told(tmp_path):
    assert "noisy" in checked(tmp_path, Acoustics(rate=RATE, noise_db=-30.0)).faults


def test_who_is_muted_is_not_listened_to(tmp_path):
    async def mute(client, house):
        await client.request(Mute(), Done)
        await house.until("state", state="muted")

    error = checked(tmp_path, USUAL, before=mute)
    assert (error.code, "muted" in error.what) == ("impossible", True)


def test_a_conversation_is_not_broken_into(tmp_path):
    async def talk(client, house):
        await house.until("state", state="listening")

    error = checked(tmp_path, USUAL, before=talk, visitors=[says("hey jarvis, what time is it?", at=0.5)], seconds=12)
    assert (error.code, "talks" in error.what) == ("impossible", True)


def test_who_wakes_it_meanwhile_ends_the_trial_and_its_sound(tmp_path):
    async def later(client, house):
        await asyncio.sleep(2.0)

    error = checked(tmp_path, USUAL, before=later, visitors=[says("hey jarvis, what time is it?", at=2.2)], seconds=14)
    assert error.code == "failed"


def test_a_card_that_goes_away_is_told(tmp_path):
    error = checked(tmp_path, USUAL, card=[CardEvent(at=2.0, action="unplug")])
    assert (error.code, "card" in error.what) == ("failed", True)


@dataclass
class Taken:
    """A recording: noise, and an echo of the start-up sound."""

    level: float = 0.3
    noise: float = 10.0
    drive: float = 1.0

    def judged(self, **more):
        played = np.concatenate([*(3 * [earcon("ready", RATE)]), np.zeros(RATE, np.int16)])
        chance = np.random.default_rng(1)
        heard = chance.normal(0, self.noise, len(played))
        heard[640:] += self.level * played[: len(played) - 640]
        room = chance.normal(0, self.noise, RATE)
        room, heard = ((self.drive * one).round().clip(-32768, 32767).astype(np.int16) for one in (room, heard))
        return judge(room, heard, played, RATE, 300, **more)


@pytest.mark.parametrize(
    ("taken", "faults"),
    [
        (Taken(), ()),
        (Taken(level=12.0), ("overdriven",)),
        (Taken(level=0.0, noise=0.6), ("silent",)),
        (Taken(noise=2000.0, level=0.0), ("unheard", "noisy")),
        (Taken(noise=9000.0, level=0.0, drive=2.0), ("unheard", "clipped")),
    ],
    ids=str,
)
def test_what_is_wrong_is_judged_by_what_was_heard(taken, faults):
    found = taken.judged().faults
    assert tuple(one for one in found if one != "echo_stays") == faults


def test_a_sound_that_nearly_clips_is_too_loud():
    loudest = np.abs(earcon("ready", RATE).astype(float)).max()
    one = Taken(level=0.85 * 32768 / loudest).judged()
    assert 0.8 < one.peak < 0.9
    assert "too_loud" in one.faults


def test_samples_that_the_card_lost_are_the_worst():
    assert Taken().judged(lost=True).faults == ("lost",)


def test_an_echo_that_stays_is_told(monkeypatch):
    monkeypatch.setattr("device.daemon.steps.sound.try_out", lambda *_: SimpleNamespace(delay_ms=40.0, removed_db=2.0))
    assert Taken().judged().faults == ("echo_stays",)
