"""A daemon as it is put together, on a card on which no time passes."""

import asyncio
import json

import pytest
from support.crowd import LoudnessDetector, ToneDetector
from support.still_card import StillCard

from device.conversation import entries
from device.conversation.events import Button
from device.conversation.rules import Rules
from device.conversation.states import State
from device.daemon.build import build, microphone_gain, rules, where
from device.daemon.kept import SPEECH
from device.daemon.watcher import Watcher
from device.listen.detectors import Detectors
from device.model_files.files import ModelError
from device.records.ledger import Ledger
from device.settings.tree import BargeInSettings, CardSettings, HomeSettings, ListenSettings, Settings
from device.tools.registry import Arguments, Tool
from device.tools.result import NAME as RESULT


async def no_session(tools, engine):
    raise AssertionError("nobody asked for a session")


def detectors():
    return Detectors(voice=LoudnessDetector(), wake=ToneDetector())


@pytest.fixture
def card():
    return StillCard()


@pytest.fixture
def seen():
    """What the ledger was handed."""
    return []


@pytest.fixture
def ledger(seen):
    return Ledger(on_entry=seen.append)


async def test_the_card_hears_while_the_models_load(card, ledger, monkeypatch):
    heard = []

    def load(wake, models_dir):
        heard.append(card.is_open)
        return detectors()

    monkeypatch.setattr(Detectors, "load", load)
    daemon = await build(Settings(), card, ledger, no_session)
    assert heard == [True]
    await daemon.stop()
    assert not card.is_open


async def test_without_its_models_it_lets_go_of_the_card(card, ledger, tmp_path):
    with pytest.raises(ModelError, match="silero_vad"):
        await build(Settings(models_dir=str(tmp_path)), card, ledger, no_session)
    assert not card.is_open


async def test_a_card_that_vanishes_while_the_models_load_is_known_to_be_gone(card, ledger, seen, monkeypatch):
    def load(wake, models_dir):
        card.on_presence(False)
        return detectors()

    monkeypatch.setattr(Detectors, "load", load)
    daemon = await build(Settings(), card, ledger, no_session)
    await asyncio.sleep(0)
    assert seen == []
    daemon.start(thread=False)
    assert daemon.conversation.card_gone
    assert [type(entry) for entry in seen] == [entries.CardLost]
    await daemon.stop()


@pytest.mark.parametrize("muted", [False, True])
async def test_it_begins_asleep_or_muted_as_it_was_left(card, ledger, tmp_path, muted):
    mark = tmp_path / "muted"
    if muted:
        mark.touch()
    daemon = await build(Settings(), card, ledger, no_session, muted=mark, detectors=detectors())
    states, sounds = [], []

    class Sees(Watcher):
        def state(self, state, at):
            states.append(state)

        def earcon(self, name):
            sounds.append(name)

    daemon.watch(Sees())
    daemon.start(thread=False)
    assert states == [State.ASLEEP, *[State.MUTED] * muted]
    assert sounds == ["ready"]
    assert card.deaf is muted
    daemon.mute.toggle()
    assert card.deaf is not muted
    assert mark.exists() is not muted
    await daemon.stop()


def test_where_it_is_is_as_set_and_a_place_that_is_not_known_is_told(caplog):
    assert where(Settings(home=HomeSettings(place="Berlin"))).latitude == 52.5
    assert caplog.text == ""
    assert where(Settings(home=HomeSettings(place="Atlantis"))) is None
    assert "home.latitude" in caplog.text


async def test_what_is_repeated_before_there_was_a_reply_is_the_sound_of_an_error(card, ledger):
    daemon = await build(Settings(), card, ledger, no_session, detectors=detectors())
    sounds = []
    watcher = Watcher()
    watcher.earcon = sounds.append
    daemon.watch(watcher)
    daemon.repeat()
    assert sounds == ["error"]
    await daemon.stop()


async def test_what_happens_after_the_end_is_ignored_and_to_end_twice_is_harmless(card, ledger, seen):
    daemon = await build(Settings(), card, ledger, no_session, detectors=detectors())
    daemon.start(thread=False)
    await daemon.stop()
    await daemon.stop()
    daemon.on(Button(daemon.position))
    assert daemon.conversation.state is State.ASLEEP
    assert seen == []


async def test_a_session_has_the_tools_of_the_settings_and_of_the_profile_and_knows_the_names_in_use(card, ledger):
    offered = asyncio.get_running_loop().create_future()

    async def session(tools, engine, names):
        offered.set_result(([tool.name for tool in tools], names))
        await asyncio.Event().wait()

    async def look_up(_):
        return ""

    tool = Tool(name="look_up", description="Look it up.", arguments=Arguments, handler=look_up)
    settings = Settings(tools=("get_time", "mute"))
    daemon = await build(settings, card, ledger, session, tools=[tool], detectors=detectors())
    daemon.timers.add(60, "lasagna")
    daemon.sessions.open((), 0, "local")
    assert await asyncio.wait_for(offered, 10) == (["get_time", "mute", "look_up"], ("lasagna",))
    await daemon.stop()


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        (Settings(), {}),
        (Settings(engines=("openai", "local"), greeting="Hi"), {"engines": ("openai", "local"), "greeting": "Hi"}),
        (Settings(listen=ListenSettings(follow_up_s=2.5)), {"follow_up_ms": 2500}),
        (Settings(barge_in=BargeInSettings(decide="off", cut_ms=300)), {"barge_in": "off", "cut_ms": 300}),
        (Settings(language="tlh"), {}),
        (Settings(language="de"), {}),
        (Settings(listen=ListenSettings(silence_ms=700)), {"silence_ms": 700}),
        (
            Settings(listen=ListenSettings(silence_ms=700, end_of_turn="device")),
            {"silence_ms": 700, "commit_after_ms": 700},
        ),
    ],
)
def test_the_rules_of_a_conversation_are_the_users(settings, changed):
    usual = {"recogniser": True}
    assert rules(settings, submits=False) == Rules(**(usual | changed))


def test_an_engine_that_submits_a_result_has_a_tool_for_it():
    assert rules(Settings(), submits=True) == Rules(recogniser=True, result_tool=RESULT)


@pytest.mark.parametrize(("setting", "expected"), [("auto", 0.0), (12.0, 12.0), (-6.0, -6.0)])
def test_the_microphone_is_amplified_as_is_set_or_found(setting, expected):
    speech = LoudnessDetector()
    found = Detectors(voice=LoudnessDetector(), wake=ToneDetector(), speech=speech)
    gain = microphone_gain(Settings(card=CardSettings(gain_db=setting)), found)
    assert gain.db == expected
    assert (gain.speech is not None) is (setting == "auto")


async def test_how_loud_speech_arrives_is_kept(card, ledger, tmp_path):
    (tmp_path / SPEECH).write_text(json.dumps({"db": -60.0, "microphone": card.name}))
    made = Detectors(voice=LoudnessDetector(), wake=ToneDetector(), speech=LoudnessDetector())
    daemon = await build(Settings(), card, ledger, no_session, kept=tmp_path, detectors=made)
    daemon.start()
    assert daemon.capture.gain.db == 24.0
    await daemon.stop()
