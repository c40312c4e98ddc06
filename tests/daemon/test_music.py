"""When other programs are lowered, and that whatever a sound server does ends no conversation."""

import asyncio

import pytest

from device.audio.music.programs import MusicError
from device.conversation.states import State
from device.daemon import music
from device.daemon.music import Music, WhileTalking, music_beside
from device.settings.tree import CardSettings


def test_somebody_talks_from_the_wake_word_to_the_end_of_the_conversation():
    told = []
    watcher = WhileTalking(told.append)
    for state in (State.ASLEEP, State.CONNECTING, State.LISTENING, State.THINKING, State.SPEAKING, State.OVERLAP):
        watcher.state(state, 0)
    assert told == [True]
    for state in (State.ASLEEP, State.FAULT, State.MUTED):
        watcher.state(state, 0)
    assert told == [True, False]


class Programs:
    """Those of a server that may fail."""

    def __init__(self, folder):
        self.did = asyncio.Queue()
        self.trouble = None
        self.lowered = False
        self._loop = asyncio.get_running_loop()

    def _do(self, what):
        self._loop.call_soon_threadsafe(self.did.put_nowait, what)
        if self.trouble is not None:
            raise self.trouble

    def lower(self):
        self._do("lower")

    def restore(self):
        self._do("restore")


@pytest.fixture
async def made(monkeypatch, tmp_path):
    programs = []
    monkeypatch.setattr(music, "Programs", lambda folder: programs.append(Programs(folder)) or programs[0])
    return Music(tmp_path), programs[0]


async def test_it_restores_at_first_and_at_last(made):
    lowering, programs = made
    assert await programs.did.get() == "restore", "what a crash has left"
    lowering.tell(True)
    assert await programs.did.get() == "lower"
    lowering.tell(False)
    assert await programs.did.get() == "restore"
    lowering.tell(True)
    assert await programs.did.get() == "lower"
    await lowering.close()
    assert await programs.did.get() == "restore"


async def test_in_a_conversation_it_looks_again_for_programs_that_have_begun(made, monkeypatch):
    monkeypatch.setattr(music, "LOOK_S", 0.01)
    lowering, programs = made
    lowering.tell(True)
    while await programs.did.get() != "lower":
        pass
    assert await programs.did.get() == "lower"
    await lowering.close()


async def test_for_a_program_that_ended_it_looks_again_at_rest(made, monkeypatch):
    monkeypatch.setattr(music, "RETURN_S", 0.01)
    lowering, programs = made
    programs.lowered = True
    for _ in range(3):
        assert await programs.did.get() == "restore"
    await lowering.close()


async def test_a_server_that_does_not_answer_is_told_of_once_until_it_does(made, caplog):
    lowering, programs = made
    await programs.did.get()
    programs.trouble = MusicError("gone", "start it")
    for talking in (True, False, True):
        lowering.tell(talking)
        await programs.did.get()
    await lowering.close()
    assert [record.getMessage() for record in caplog.records] == [
        "Music of other programs is not lowered: gone: start it"
    ]


async def test_it_is_left_alone_unless_the_settings_say_so(monkeypatch, tmp_path):
    monkeypatch.setattr(music, "Programs", None)
    async with music_beside(CardSettings(), None, tmp_path):
        pass
