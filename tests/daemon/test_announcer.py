"""What the device is asked to say: spoken, queued, heard or not."""

import asyncio

import numpy as np
import pytest

from device.conversation.entries import Announcement, Sleep
from device.conversation.events import Announced
from device.daemon.announcer import MOST, Announcer, CannotSay
from device.daemon.reader import Speech
from device.daemon.watcher import Watcher


class Stage(Watcher):
    """An announcer whose inbox, loudspeaker and watcher note what they get."""

    def __init__(self, speech=Speech(np.ones(160, np.int16), 16_000)):  # noqa: B008 - nobody changes it
        self.noted = []
        self.speech = speech

        class Inbox:
            put = staticmethod(self.noted.append)

        class Playout:
            @staticmethod
            def play(item, pcm, rate):
                self.noted.append(("play", item, len(pcm), rate))

            @staticmethod
            def finish(item):
                self.noted.append(("finish", item))

        async def speak(text):
            return self.speech

        self.announcer = Announcer(Playout, Inbox, lambda: 77, self, speak)

    def announced(self, item, text):
        self.noted.append(("shown", text))

    async def begin(self, text="Hello", **more):
        saying = asyncio.ensure_future(self.announcer.say(text, **more))
        while not any(isinstance(one, Announced) for one in self.noted):  # noqa: ASYNC110
            await asyncio.sleep(0)
        return saying


@pytest.mark.parametrize(("how", "whole"), [("whole", True), ("cut", False)])
async def test_it_is_said_when_its_moment_comes(how, whole):
    stage = Stage()
    saying = await stage.begin()
    assert stage.noted == [Announced(77, "announcement-1")]
    stage.announcer.play("announcement-1")
    assert stage.noted[1:] == [
        ("shown", "Hello"),
        ("play", "announcement-1", 320, 16_000),
        ("finish", "announcement-1"),
    ]
    stage.announcer.take(Sleep(1, "x"))
    stage.announcer.take(Announcement(1, "announcement-1", how))
    stage.announcer.take(Announcement(2, "announcement-9", how))
    assert await saying is whole


async def test_what_nobody_is_to_see_is_not_shown():
    stage = Stage()
    saying = await stage.begin("123456", shown=False)
    stage.announcer.play("announcement-1")
    assert ("shown", "") in stage.noted
    saying.cancel()


async def test_what_found_no_moment_is_not_said():
    stage = Stage()
    saying = await stage.begin()
    stage.announcer.take(Announcement(1, "announcement-1", "late"))
    with pytest.raises(CannotSay, match="no moment"):
        await saying


@pytest.mark.parametrize("speech", [None, Speech(np.zeros(0, np.int16), 16_000)])
async def test_what_cannot_be_spoken_is_not_said(speech):
    with pytest.raises(CannotSay, match="the log says why"):
        await Stage(speech).announcer.say("Hello")


async def test_without_a_voice_nothing_is_said():
    with pytest.raises(CannotSay, match="no voice"):
        await Announcer(None, None, lambda: 0, Watcher()).say("Hello")


async def test_there_may_not_be_many_at_once():
    stage = Stage()
    sayings = [asyncio.ensure_future(stage.announcer.say("Hello")) for _ in range(MOST)]
    await asyncio.sleep(0)
    with pytest.raises(CannotSay, match=f"{MOST} texts wait"):
        await stage.announcer.say("Hello")
    for saying in sayings:
        saying.cancel()
