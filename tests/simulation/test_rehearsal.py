"""A scene with the whole daemon in it: who acts beside it, and how it ends."""

import asyncio
import errno
from pathlib import Path

import numpy as np
import pytest
from support.crowd import LoudnessDetector, ToneDetector

from device.conversation.entries import StateEntered
from device.conversation.events import Button
from device.listen.detectors import Detectors
from device.settings.tree import Settings
from device.simulation import virtual_clock
from device.simulation.faults import Fault
from device.simulation.rehearsal import Rehearsal, rehearse
from device.simulation.scene import Acoustics, Scene

SCENE = Scene(seconds=2, name="short", room=Acoustics(rate=16_000))


@pytest.fixture(autouse=True)
def detectors(monkeypatch):
    found = Detectors(voice=LoudnessDetector(), wake=ToneDetector())
    monkeypatch.setattr(Detectors, "load", lambda wake, models_dir: found)


async def no_engine(tools, engine):
    await asyncio.Event().wait()


@pytest.fixture
def rehearsal(tmp_path):
    return Rehearsal(SCENE, Settings(), tmp_path, session=no_engine, pace="step")


def test_who_acts_beside_it_has_the_daemon_and_is_ended_with_the_scene(rehearsal):
    ended = []

    async def act(daemon):
        daemon.on(Button(daemon.position))
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(daemon.conversation.state)

    summary = virtual_clock.run(rehearsal.play(act))
    assert ended == ["connecting"], "and before the daemon stops"
    assert [e.state for e in rehearsal.entries if isinstance(e, StateEntered)] == ["connecting"]
    assert summary.lost_samples == 0


def test_what_goes_wrong_beside_it_is_raised_once_the_scene_is_over(rehearsal):
    async def act(daemon):
        raise ValueError("never thought of")

    with pytest.raises(ValueError, match="never thought of"):
        virtual_clock.run(rehearsal.play(act))
    assert rehearsal.room.finished.is_set()


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("kind", "lost_ms"), [("stall", 200), ("freeze", 180), ("sleep", 180)])
def test_entries_go_by_the_scene_s_clock_though_the_card_loses_samples(tmp_path, kind, lost_ms, told):
    acoustics = Acoustics(rate=16_000, losses_told=told)
    scene = Scene(seconds=2, room=acoustics, faults=(Fault(at=0.5, kind=kind, ms=200),))
    rehearsal = Rehearsal(scene, Settings(), tmp_path, session=no_engine, pace="step")
    behind = []

    async def act(daemon):
        await asyncio.sleep(1.5)
        behind.append(rehearsal.room.frame - daemon.capture.now)
        daemon.on(Button(daemon.position))
        await asyncio.Event().wait()

    summary = virtual_clock.run(rehearsal.play(act))
    (pressed,) = (e for e in rehearsal.entries if isinstance(e, StateEntered))
    assert pressed.t == pytest.approx(1.5, abs=0.03)
    # Nothing but what the card lost: what was buffered in a freeze was taken at once.
    assert 0 <= behind[0] - (0 if told else lost_ms * 16) <= 20 * 16
    assert (summary.xruns, summary.lost_samples, summary.seconds) == (2, 0, 2.0)


def test_while_the_process_sleeps_nothing_of_it_runs(tmp_path):
    scene = Scene(seconds=2, room=Acoustics(rate=16_000), faults=(Fault(at=0.5, kind="sleep", ms=300),))
    rehearsal = Rehearsal(scene, Settings(), tmp_path, session=no_engine, pace="step")
    ran = []

    async def act(daemon):
        while True:
            await asyncio.sleep(0.02)
            ran.append(asyncio.get_running_loop().time())

    virtual_clock.run(rehearsal.play(act))
    steps = np.diff(ran)
    assert np.sort(steps)[-1] == pytest.approx(0.3, abs=0.04)
    assert np.sort(steps)[-2] < 0.04


async def test_a_room_that_is_stepped_through_needs_a_virtual_clock(rehearsal):
    with pytest.raises(RuntimeError, match=r"virtual_clock\.run"):
        await rehearsal.play()


def test_what_was_played_is_drawn(rehearsal, tmp_path):
    summary = virtual_clock.run(rehearsal.play())
    rehearsal.draw(summary, tmp_path / "conversation.html")
    page = (tmp_path / "conversation.html").read_text()
    assert "<title>short: a conversation</title>" in page
    assert '"seconds":2.0' in page


def test_a_picture_that_cannot_be_written_is_named_and_an_old_one_gone(rehearsal, tmp_path, monkeypatch, caplog):
    summary = virtual_clock.run(rehearsal.play())
    path = tmp_path / "conversation.html"
    path.write_text("of another day")

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    rehearsal.draw(summary, path)
    assert not path.exists()
    assert f"{path} cannot be written (No space left on device)." in caplog.text


async def test_a_folder_gets_a_picture_too(tmp_path, monkeypatch):
    async def play(self):
        return "summed up"

    drawn = []
    monkeypatch.setattr(Rehearsal, "play", play)
    monkeypatch.setattr(Rehearsal, "draw", lambda self, summary, path: drawn.append((summary, path)))
    assert await rehearse(SCENE, Settings(), out=tmp_path) == "summed up"
    assert drawn == [("summed up", tmp_path / "conversation.html")]
    assert await rehearse(SCENE, Settings()) == "summed up"
    assert len(drawn) == 1
