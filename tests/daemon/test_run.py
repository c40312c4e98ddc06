"""The assistant from its start to a signal, on a card on which no time passes and with an engine that nobody asks."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from support.crowd import LoudnessDetector, ToneDetector
from support.scripted_stdio import command
from support.still_card import StillCard

from device.conversation.engine import EngineError, Fault
from device.conversation.states import State
from device.daemon.build import build
from device.daemon.kept import TIMERS, VOLUME, KeptTimer, KeptTimers
from device.daemon.run import run
from device.daemon.watcher import Watchers
from device.door.client import connect
from device.door.messages import Done, GetStatus, Restart, Status
from device.door.place import FILE
from device.engines.factory import Engines
from device.listen.detectors import Detectors
from device.model_files.files import ModelError
from device.settings.last_good import InForce
from device.settings.loading import read
from device.settings.mcp import McpSettings
from device.settings.panel import PanelSettings
from device.settings.tree import WakeSettings
from device.system.paths import state_dir
from device.tools.registry import Registry

SETTINGS = 'engines = "openai"\n'


class Manager:
    """A service manager that keeps what it is told, and ends the service once it is ready."""

    listens = True

    def __init__(self):
        self.told = []
        self.ends_with = "READY"

    def tell(self, message):
        self.told.append(message)
        if self.ends_with in message:
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)

    async def watch(self, now):
        await asyncio.Event().wait()


@pytest.fixture
def card():
    return StillCard()


@pytest.fixture
def manager(card, monkeypatch):
    manager = Manager()

    async def wait_for_card(settings, notifier):
        assert notifier is manager
        return card

    monkeypatch.setattr("device.daemon.run.Notifier", lambda: manager)
    monkeypatch.setattr("device.daemon.run.wait_for_card", wait_for_card)
    monkeypatch.setattr(
        Detectors, "load", lambda wake, models_dir: Detectors(voice=LoudnessDetector(), wake=ToneDetector())
    )
    return manager


@pytest.fixture
def found(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text(SETTINGS)
    return InForce(read(path, {"HOME": str(tmp_path), "OPENAI_API_KEY": "x"}, Path("none")), "")


async def begin(found, out=None):
    """Run to the end; return what is to follow."""
    try:
        return await asyncio.wait_for(run(found, None, out), 20)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            asyncio.get_running_loop().remove_signal_handler(number)


async def test_it_says_that_it_listens_and_ends_by_a_signal(manager, card, found, tmp_path, capsys):
    assert not await begin(found, tmp_path)
    assert capsys.readouterr().out.splitlines() == ["Listening on Still. Say “hey jarvis”. Ctrl-C ends."]
    assert manager.told == ["READY=1\nSTATUS=Listening on Still", "STOPPING=1"]
    assert not card.is_open
    assert not card.deaf
    assert (tmp_path / "ledger.jsonl").exists()


async def test_while_it_runs_its_door_is_open_and_a_restart_can_be_asked_for(manager, found, monkeypatch):
    told = []

    async def ask():
        async with await connect("a test") as door:
            told.append((await door.request(GetStatus(), Status)).now)
            await door.request(Restart(), Done)

    def tell(message):
        if message.startswith("READY"):
            asking.append(asyncio.get_running_loop().create_task(ask()))
        manager.told.append(message)

    asking = []
    monkeypatch.setattr(manager, "tell", tell)
    assert await begin(found) == "again"
    await asking[0]
    (now,) = told
    assert (now.about.card, now.state.state, now.engine.engines) == ("Still", "asleep", ("openai",))
    assert not (state_dir() / FILE).exists()
    assert "STOPPING=1" not in manager.told


async def test_every_wake_word_is_named(manager, found, capsys):
    loaded = found.loaded
    wake = WakeSettings(models=("hey_jarvis", "/models/hey_ada.onnx"))
    settings = replace(loaded.settings, wake=wake)
    await begin(replace(found, loaded=replace(loaded, settings=settings)))
    assert "Say “hey jarvis” or “hey ada”." in capsys.readouterr().out


async def test_muted_it_says_so_and_hears_nothing_from_the_first_sample_on(manager, card, found, capsys, monkeypatch):
    state_dir().mkdir(parents=True)
    (state_dir() / "muted").touch()
    deaf, opened = [], StillCard.open

    def opening(self, *args):
        deaf.append(self.deaf)
        opened(self, *args)

    monkeypatch.setattr(StillCard, "open", opening)
    await begin(found)
    assert deaf == [True]
    assert card.deaf
    assert "The microphone is muted: hold the button for a second" in capsys.readouterr().out


@pytest.mark.parametrize(("by_hand", "by_voice"), [((False, -1), False), ((True, -1), True), ((False, 17), True)])
async def test_nobody_mutes_by_voice_what_nothing_in_the_room_unmutes(manager, found, monkeypatch, by_hand, by_voice):
    offered, (terminal, pin) = [], by_hand
    settings = replace(found.settings, panel=PanelSettings(button_pin=pin))
    monkeypatch.setattr("device.daemon.run.build", lambda settings, *_, **__: offered.append(settings.tools))
    monkeypatch.setattr("sys.stdin.isatty", lambda: terminal, raising=False)
    with pytest.raises(TypeError):  # there is no daemon to go on with
        await begin(replace(found, loaded=replace(found.loaded, settings=settings)))
    ((tools),) = offered
    assert ("mute" in tools) is by_voice
    assert "set_volume" in tools


async def test_on_a_terminal_the_keys_are_named_and_one_of_them_ends_it(manager, found, monkeypatch, capsys):
    typing, reading = os.openpty()
    with os.fdopen(reading, "r", buffering=1) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(manager, "tell", lambda message: message.startswith("READY") and os.write(typing, b"q\n"))
        await begin(found)
    os.close(typing)
    assert "Enter wakes and interrupts; m and Enter mutes; q and Enter ends." in capsys.readouterr().out


async def test_timers_and_volume_are_those_of_the_last_time(manager, found, caplog):
    state_dir().mkdir(parents=True)
    (state_dir() / VOLUME).write_text('{"volume": 0.3, "setting": 0.99}')
    kept = KeptTimers("an earlier start", 1.7e9, (KeptTimer("tea", 60, 1.7e9 + 60, 160.0),))
    (state_dir() / TIMERS).write_bytes(msgspec.json.encode(kept))
    await begin(found)
    assert "The timer 'tea' ran out" in caplog.text


async def test_an_engine_that_does_not_start_is_told_of_and_keeps_nobody_from_listening(
    manager, found, monkeypatch, caplog, capsys
):
    async def prepare(engines):
        raise EngineError(Fault("internal", "The local engine does not start.", retry=True))

    monkeypatch.setattr(Engines, "prepare", prepare)
    await begin(found)
    assert "The local engine does not start." in [record.message for record in caplog.records]
    assert "Listening on Still." in capsys.readouterr().out


async def test_the_service_manager_hears_of_it_at_once_and_the_lights_show_it(manager, found, monkeypatch):
    async def prepare(engines):
        raise EngineError(Fault("internal", "The local engine does not start.", retry=False))

    shown = []
    watch = Watchers.state
    monkeypatch.setattr(Watchers, "state", lambda self, state, at: (shown.append(state), watch(self, state, at)))
    monkeypatch.setattr(Engines, "prepare", prepare)
    monkeypatch.setattr(manager, "ends_with", "Not every engine")
    loaded = found.loaded
    await begin(replace(found, loaded=replace(loaded, settings=replace(loaded.settings, engines=("local",)))))
    told = "STATUS=Listening on Still. Not every engine can answer: The local engine does not start."
    assert manager.told[:2] == ["READY=1\nSTATUS=Listening on Still", told]
    assert shown[-1] is State.FAULT


async def test_without_a_card_nothing_is_begun(manager, found, monkeypatch, capsys):
    async def nothing(settings, notifier):
        return None

    monkeypatch.setattr("device.daemon.run.wait_for_card", nothing)
    assert not await begin(found)
    assert capsys.readouterr().out == ""


async def test_what_was_begun_is_closed_where_the_models_lack(manager, card, found, monkeypatch):
    def load(wake, models_dir):
        raise ModelError("silero_vad.onnx is missing")

    monkeypatch.setattr(Detectors, "load", load)
    with pytest.raises(ModelError):
        await begin(found)
    assert not card.is_open
    assert manager.told == []


async def test_tools_from_elsewhere_are_there_while_it_runs(manager, found, monkeypatch):
    there, pids = [], []

    async def built(*args, changing, **more):
        for _ in range(500):
            await asyncio.sleep(0 if changing() else 0.03)
        there.extend(changing())
        pids.append(json.loads((await Registry(changing()).call("pid", "")).output)["result"])
        return await build(*args, changing=changing, **more)

    program = """
        if method == "server/discover": said(MODERN)
        elif method == "tools/list": said({"tools": [{"name": "pid", "inputSchema": {}}]})
        elif method == "tools/call": said({"content": [{"type": "text", "text": "%d" % os.getpid()}]})
    """
    mcp = {"files": McpSettings(command=command(program))}
    with_tools = replace(found.loaded, settings=replace(found.settings, mcp=mcp))
    monkeypatch.setattr("device.daemon.run.build", built)
    assert not await begin(replace(found, loaded=with_tools))
    assert [tool.name for tool in there] == ["pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[0]), 0)


def test_where_no_server_is_named_nothing_is_loaded_for_one():
    asked = "import sys, device.daemon.run; print([name for name in sys.modules if name.startswith('device.mcp')])"
    ran = subprocess.run([sys.executable, "-P", "-c", asked], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"
