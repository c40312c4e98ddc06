"""The news of the daemon: what is told at once, what is looked at, and that nothing is where nobody listens."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from support.still_card import StillCard

from device.conversation import entries
from device.conversation.states import State
from device.daemon.mute import MuteSwitch
from device.daemon.news import News
from device.door import messages as m
from device.door.codes import PageCodes
from device.sample_clock import CLOCK_RATE
from device.simulation import virtual_clock
from device.skills.alarms.alarms import Alarms
from device.skills.timers.timers import Timers


class Stage:
    """News of a daemon of which every part is in the test's hands."""

    def __init__(self, *, budget=0.0, broken=()):
        self.told = []
        self.at = 0
        self.card = StillCard()
        self.spent = 0.0
        self.codes = PageCodes()
        playout = SimpleNamespace(volume=0.5, playing=None)
        self.daemon = SimpleNamespace(
            card=self.card,
            playout=playout,
            timers=Timers(lambda: self.at),
            alarms=Alarms(),
            mute=MuteSwitch(lambda on: None),
            ringing=False,
        )
        self.shown = SimpleNamespace(
            state=State.ASLEEP, sent=0, ringing=False, closed=False, updating=False, setting_up=False, digits=""
        )
        stage = self

        class Costs:
            @property
            def spent_today(self):
                return stage.spent

        about = m.About("Ada", "1", "en", card="Still")
        self.news = News(
            self.daemon,
            self.shown,
            about=about,
            engines=("openai", "local"),
            costs=Costs(),
            codes=self.codes,
            budget=budget,
            broken=broken,
        )
        self.news.publish = self.told.append

    def attend(self, *topics):
        self.news.attend(frozenset(topics), asyncio.get_running_loop())

    def of(self, kind):
        return [event for event in self.told if isinstance(event, kind)]


def on_virtual_clock(work):
    return virtual_clock.run(work)


def test_where_nobody_listens_nothing_is_told_nor_looked_at():
    async def main():
        stage = Stage()
        stage.news.take(entries.HearsItself(1, "why"))
        stage.news.state(State.LISTENING, 1)
        await asyncio.sleep(5)
        assert stage.told == []
        stage.attend("state")
        stage.attend()
        stage.daemon.playout.volume = 0.9
        await asyncio.sleep(5)
        assert stage.told == []

    on_virtual_clock(main())


def test_what_was_said_by_the_snapshot_is_not_said_again_and_what_changes_is():
    async def main():
        stage = Stage()
        stage.daemon.playout.volume = 0.3
        assert stage.news.now().volume == m.Volume(30)
        stage.attend("volume")
        await asyncio.sleep(1)
        assert stage.told == []
        stage.daemon.playout.volume = 0.4
        stage.daemon.mute.want(on=True)
        stage.shown.state = State.MUTED
        await asyncio.sleep(0.1)
        assert stage.of(m.Volume) == [m.Volume(40)]
        assert stage.of(m.Muted) == [m.Muted(on=True)]
        assert [(one.state, one.light, one.colour) for one in stage.of(m.State)] == [("muted", "muted", "#ff0000")]

    on_virtual_clock(main())


def test_time_that_passes_is_no_news_of_a_timer():
    async def main():
        stage = Stage()
        stage.attend("timers")
        timer = stage.daemon.timers.add(60, "tea")
        await asyncio.sleep(0.2)
        stage.at = 10 * CLOCK_RATE
        await asyncio.sleep(2)
        (told,) = stage.of(m.Timers)
        assert (told.timers[0].name, told.timers[0].left_s, told.timers[0].paused) == ("tea", 60, False)
        assert stage.news.timers().timers[0].left_s == 50
        stage.daemon.timers.pause(timer)
        stage.daemon.alarms.add_in(60, "the oven")
        await asyncio.sleep(0.2)
        assert stage.of(m.Timers)[-1].timers[0].paused
        assert stage.of(m.Timers)[-1].alarms[0].text == "the oven"

    on_virtual_clock(main())


def test_costs_the_budget_and_the_code_are_looked_at_once_a_second():
    async def main():
        stage = Stage(budget=1.0)
        stage.attend("cost", "faults", "code")
        stage.spent = 1.5
        stage.codes.new()
        await asyncio.sleep(1.2)
        assert stage.of(m.Cost) == [m.Cost(1.5, 1.0)]
        assert [fault.code for fault in stage.of(m.Faults)[-1].faults] == ["budget"]
        (made,) = stage.of(m.CodeMade)
        assert 595 < made.seconds <= 600

    on_virtual_clock(main())


def test_the_level_is_told_to_who_asks_and_a_look_after_long_is_of_now():
    async def main():
        stage = Stage()
        stage.attend("level")
        rate = stage.card.rate
        stage.card.mic.write(np.full(rate // 15, 3277, np.int16))
        await asyncio.sleep(1 / 15 + 0.001)
        assert stage.of(m.Level)[-1].dbfs == pytest.approx(-20, abs=0.1)
        stage.card.mic.write(np.full(3 * rate, 32767, np.int16))
        stage.card.mic.write(np.zeros(rate // 15, np.int16))
        await asyncio.sleep(1 / 15)
        assert stage.of(m.Level)[-1].dbfs == -100
        assert len(stage.of(m.Level)) <= 3
        stage.attend("state")
        count = len(stage.told)
        await asyncio.sleep(1)
        assert len(stage.told) == count

    on_virtual_clock(main())


async def test_which_engine_answers_and_what_went_wrong():
    stage = Stage()
    stage.attend("engine")
    for entry in (
        entries.SessionOpen(1, "openai"),
        entries.EngineError(2, "closed", "It is gone."),
        entries.SessionOpen(3, "local"),
        entries.StateEntered(4, State.ASLEEP),
        entries.StateEntered(5, State.ASLEEP),
    ):
        stage.news.take(entry)
    names = ("openai", "local")
    assert stage.of(m.Engine) == [
        m.Engine("openai", names, open=True),
        m.Engine("openai", names, why="It is gone."),
        m.Engine("local", names, open=True),
        m.Engine("local", names),
    ]
    stage.attend()


async def test_faults_come_and_go():
    stage = Stage(broken=[m.Fault("panel", "no LED")])
    stage.attend("faults")
    for entry in (
        entries.HearsItself(1, "it answers itself"),
        entries.CardLost(2),
        entries.EngineUnable(2, "local", "No voice."),
        entries.HearsOthers(3),
        entries.HearsOthers(3),
        entries.CardBack(4),
        entries.SessionOpen(5, "local"),
    ):
        stage.news.take(entry)
    codes = [[fault.code for fault in one.faults] for one in stage.of(m.Faults)]
    assert codes == [
        ["panel", "hears_itself"],
        ["panel", "hears_itself", "card"],
        ["panel", "hears_itself", "card", "engine"],
        ["panel", "card", "engine"],
        ["panel", "engine"],
        ["panel"],
    ]
    stage.attend()


async def test_how_long_a_turn_took():
    stage = Stage()
    stage.attend("latency")
    for entry in (
        entries.ReplyFirstAudio(CLOCK_RATE // 2, "greeting"),  # nobody had asked
        entries.VoiceEnd(CLOCK_RATE, 300),
        entries.VoiceEnd(2 * CLOCK_RATE, 300),
        entries.EngineSpeechStopped(2 * CLOCK_RATE + 1600),
        entries.ReplyStart(2 * CLOCK_RATE + 3200, "r"),
        entries.ReplyFirstAudio(2 * CLOCK_RATE + 8000, "i"),
        entries.ReplyFirstAudio(3 * CLOCK_RATE, "j"),
    ):
        stage.news.take(entry)
    stages = {"voice_end": 0, "engine_speech_stopped": 100, "reply_start": 200, "reply_first_audio": 500}
    assert stage.of(m.Latency) == [m.Latency(500, stages)]
    assert stage.news.now().latency == m.Latency(500, stages)
    stage.attend()
