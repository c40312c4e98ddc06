"""How the daemon does, in numbers."""

from types import SimpleNamespace

import pytest
from support.doorway import door
from support.house import House, play, says
from support.listener import Listener, spoken
from support.still_card import StillCard

from device.conversation import entries
from device.conversation.states import State
from device.daemon.figures import Figures
from device.door import messages as m
from device.door.figures import RESPONSE_S, SILENCE_S, Cuts, FiguresAre, GetFigures
from device.sample_clock import samples


class Stage:
    """Figures of a daemon of which every part is in the test's hands."""

    def __init__(self):
        self.seconds = 5.0
        self.card = StillCard()
        self.card.output_latency = 800
        self.conversation = SimpleNamespace(mistakes=0, by_hand=False)
        capture = SimpleNamespace(lost=8000)
        self.faults = ()
        daemon = SimpleNamespace(card=self.card, capture=capture, conversation=self.conversation)
        self.figures = Figures(daemon, self.now, 12, lambda: self.seconds)

    def now(self):
        cost, faults = m.Cost(0.25, 2.0), m.Faults(self.faults)
        return SimpleNamespace(cost=cost, muted=m.Muted(on=True), faults=faults)

    def take(self, *happened):
        for at_ms, kind, *fields in happened:
            self.figures.take(kind(samples(at_ms), *fields))
        return self.figures.now()


def test_what_is_known_without_anything_having_happened():
    stage = Stage()
    stage.seconds = 65.0
    stage.card.xruns.overruns, stage.card.xruns.underruns = 2, 3
    stage.faults = (m.Fault("engine", "Ada's words"), m.Fault("engine", "x"), m.Fault("card", "y"))
    told = stage.take()
    assert (told.up_s, told.buffer_s, told.lost_s, told.muted) == (60.0, 0.05, 0.5, True)
    assert (told.overruns, told.underruns, told.cost_today, told.budget) == (2, 3, 0.25, 2.0)
    assert told.settings_serial == 12
    assert told.faults == ("card", "engine"), "codes, and not what they say"
    assert (told.turns, sum(told.response.counts), len(told.response.counts)) == (0, 0, len(RESPONSE_S) + 1)


def test_turns_are_counted_by_how_long_they_took():
    stage = Stage()
    for took_ms in (300, 301, 20_000):
        stage.take((0, entries.VoiceEnd, 300), (took_ms, entries.ReplyFirstAudio, "i"))
    told = stage.take((0, entries.ReplyFirstAudio, "said by itself"))
    assert told.turns == 3
    assert [told.response.counts[n] for n in (0, 1, -1)] == [1, 1, 1]
    assert told.response.total_s == pytest.approx(20.601)


@pytest.mark.parametrize(("why", "kind"), [("speech", "voice"), ("", "other"), ("the engine", "engine")])
def test_cuts_are_told_apart_by_who_made_them(why, kind):
    told = Stage().take((1000, entries.VoiceStart), (1250, entries.Cut, why), (1320, entries.Silence))
    assert told.cuts == Cuts(**{kind: 1})
    assert sum(told.silence.counts) == (kind == "voice")
    if kind == "voice":
        assert told.silence.counts[SILENCE_S.index(0.4)] == 1
        assert told.silence.total_s == 0.32


def test_a_reply_that_goes_on_is_no_cut_and_one_that_runs_dry_is_counted():
    told = Stage().take((0, entries.VoiceStart), (10, entries.Restore, "nothing"), (20, entries.Starved, "i"))
    assert (told.restores, told.starved, told.cuts) == (1, 1, Cuts())


def test_a_session_after_one_that_failed_is_a_reconnect_until_the_conversation_is_over():
    stage = Stage()
    error = (0, entries.EngineError, "code", "Ada's words", True)
    told = stage.take((0, entries.SessionOpen, "a"), error, (0, entries.SessionOpen, "b"))
    assert (told.sessions, told.reconnects, told.engine_errors) == ({"a": 1, "b": 1}, 1, 1)
    told = stage.take(error, (0, entries.StateEntered, State.ASLEEP), (0, entries.SessionOpen, "a"))
    assert (told.sessions["a"], told.reconnects, told.engine_errors) == (2, 1, 2)
    told = stage.take((0, entries.SessionSwitch, "b"), (0, entries.EngineUnable, "b", "why"))
    assert (told.sessions["b"], told.handovers, told.engine_errors) == (2, 1, 3)
    assert b"Ada" not in m.encode(told)


def test_a_card_that_goes_and_comes_and_a_device_that_hears_itself():
    stage = Stage()
    assert stage.take((0, entries.Wake, "hey_jarvis", 0.9)).card
    told = stage.take((0, entries.CardLost))
    assert (told.wakes, told.card, told.cards_lost) == (1, False, 1)
    stage.conversation.mistakes, stage.conversation.by_hand = 4, True
    told = stage.take((0, entries.CardBack))
    assert (told.card, told.cards_lost, told.own_voice, told.hears_itself) == (True, 1, 4, True)


def test_in_a_room_a_turn_is_counted_at_the_door(tmp_path):
    told = []

    async def ask(house):
        async with door(house) as client:
            await house.until("reply_first_audio")
            told.append(await client.request(GetFigures(), FiguresAre))

    house = House(tmp_path, [says("hey jarvis, what time is it?", at=1.0)], 12)
    play(house, Listener(spoken(3.0, "One two three.", pace=0.3)), ask)
    (now,) = told
    assert (now.wakes, now.turns, now.sessions, now.engine_errors) == (1, 1, {"local": 1}, 0)
    (bucket,) = [n for n, count in enumerate(now.response.counts) if count]
    assert 0.4 < now.response.total_s <= RESPONSE_S[bucket] < 3
