"""The whole daemon in the scenes of rooms/: who interrupts, and who does not, with generous bounds.

`parley bench bargein` has the exact figures, over many voices and rooms.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr
from msgspec import json
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener

from device.bench import sounds
from device.simulation import scene
from device.simulation.scripted_reply import RATE, Reply, Speech

if TYPE_CHECKING:
    from device.simulation.visitors import Visit

ROOMS = Path(__file__).parents[1] / "rooms"
INTERRUPTIONS = [
    "barge_in_sentence",
    "barge_in_stop",
    "barge_in_wait",
    "barge_in_question",
    "barge_in_early",
    "barge_in_loud_echo",
    "barge_in_after_backchannel",
    "barge_in_after_stall",
]
ASIDES = ["backchannel_uh_huh", "backchannel_okay", "backchannel_twice", "cough", "door", "distant"]
NOBODY = ["loud_echo", "stalls", "echo_jumps"]


@cache
def answer() -> Reply:
    """A long answer in the device's own voice."""
    sound = next(s for s in sounds.load() if s.kind == "replies" and s.voice == "own")
    pcm = np.rint(soxr.resample(sound.samples().astype(float), 16_000, RATE)).astype(np.int16)
    return Reply((Speech(pcm.tobytes(), sound.text),), pace=0.3)


class Room(House):
    """The scene `name`, and the engine that answers in it."""

    def __init__(self, folder: Path, name: str) -> None:
        loaded = scene.load(ROOMS / f"{name}.toml")
        super().__init__(folder, loaded.visitors, loaded.seconds, room=replace(loaded.room, rate=16_000))
        self.scene = replace(self.scene, faults=loaded.faults)
        self.server = Listener(answer())
        play(self, self.server)
        assert not self.summary.missed, "the scene was not played"
        self.replies = self.all("reply_first_audio")

    def sent_whole(self, visit: Visit) -> bool:
        """Return whether what was said reached the engine from its first sound to its last."""
        return any(start <= visit.onset and end >= visit.offset for start, end in self.sent())

    def __repr__(self) -> str:
        told = [(round(e.t, 2), e.line()) for e in self.entries if e.event() != "state"]
        return f"{json.encode(self.summary).decode()}\n" + "\n".join(map(str, told))


@pytest.mark.parametrize("name", INTERRUPTIONS)
def test_who_interrupts_is_heard_and_the_reply_is_silent(tmp_path, models, name):
    models("moonshine_tiny_en/encoder_model.ort")
    room = Room(tmp_path, name)
    *_, interruption = room.room.visits
    (turn,) = (t for t in room.summary.turns if t.interrupted)
    assert turn.duck_ms is None or turn.duck_ms <= 350, room  # None: the reply was silent itself just then
    assert turn.silence_ms <= 1200, room
    assert abs(turn.heard_ms - turn.heard_true_ms) <= 20, room
    assert room.all("cut")[0].at > interruption.onset, room
    assert room.server.turns == 2, room
    assert room.sent_whole(interruption), room


@pytest.mark.parametrize("name", ASIDES)
def test_what_is_no_interruption_leaves_the_reply_whole(tmp_path, models, name):
    models("moonshine_tiny_en/encoder_model.ort")
    room = Room(tmp_path, name)
    assert not room.all("cut"), room
    assert room.server.turns == 1, room
    for restored in room.summary.restored:
        assert restored.restore_ms <= 1200, room
        assert restored.lost_ms <= 100, room
    if name.startswith("backchannel"):
        assert len(room.summary.restored) >= len(room.room.visits) - 1, "it was noticed"


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_interrupts_whatever_the_loudspeaker_and_the_card_do(tmp_path, models, name):
    models("moonshine_tiny_en/encoder_model.ort")
    room = Room(tmp_path, name)
    assert not room.all("cut"), room
    assert room.replies
    assert room.server.turns == 1, room


def test_who_begins_in_the_moment_in_which_it_falls_asleep_is_heard_from_the_first_word_on(tmp_path, models):
    models("moonshine_tiny_en/encoder_model.ort")
    question = says("hey jarvis, what time is it?", at=1.0)
    alone = House(tmp_path, (question,), 16, follow_up_s=2.0)
    play(alone, Listener(answer()))
    (slept,) = alone.all("sleep")
    house = House(tmp_path, (question, says("and what day is it?", at=slept.t - 0.03)), 20, follow_up_s=2.0)
    server = Listener(answer())
    play(house, server)
    _, late = house.room.visits
    assert len(house.all("sleep")) == 1, "it was noticed too late"
    assert server.turns == 2
    assert any(start <= late.onset and end >= late.offset for start, end in house.sent())
