"""The scenes that come along, each with the local engine: what was understood, done and said."""

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import web
from assistant.test_rooms import ASIDES, INTERRUPTIONS, NOBODY
from msgspec.structs import replace
from support.house import House
from support.kept_models import kept

from device.local import cascade
from device.local.brain import sentences
from device.local.load import load_stages
from device.local.server import make_app
from device.settings.local import LocalSettings
from device.settings.tree import Settings
from device.simulation import scene, virtual_clock

ROOMS = Path(__file__).parents[1] / "rooms"
BUNDLED = Path(scene.__file__).parents[1] / "data" / "scenes"
TIME = r"It is .* (in the \w+|at night|noon|midnight)\."
HELP = r"I can tell you the time"
CUT = rf"^$|{HELP}"
"""It is broken off: of its first sentence, which is long, no words need be known to have been heard."""
TINY = Settings(local=LocalSettings(stt="moonshine-tiny"))
"""With the ears that every machine has."""
MORE_S = 8.0
"""Added to each scene: what waits for something has its occasion, however slow this machine is just then."""
EXPECTED = {
    "backchannel": [HELP],
    "demo": [TIME, CUT, r"2 hours are 120 minutes", r"5 seconds", ""],
    "drift": [CUT, TIME],
    "follow_up": [TIME, r"5 miles are 8\.05 kilometres"],
    "headphones": [CUT, TIME],
    "interruption": [CUT, r"5 miles are 8\.05 kilometres"],
    "noisy": [TIME],
    "pause": [TIME],
    "question": [TIME],
    "quiet": [],
    "reminder": [r"I will remind you in 10 seconds"],
    "snooze": [r"I will remind you in 10 seconds"],
    "stop": [CUT],
    "timer": [r"10 seconds"],
    "unplugged": ["", TIME],
}
"""What is said in each turn."""
INTERRUPTED = {"demo", "drift", "headphones", "interruption", "stop"}
"""Scenes in which the long answer is broken off."""
RINGING = {"demo", "reminder", "snooze", "timer"}
"""Scenes in which a timer or a reminder rings and is stopped."""
SNOOZED = {"snooze"}
"""Those of them in which it is put off, and will ring again."""


async def play(house, monkeypatch):
    """Play a scene with the local engine in this process, whose time is the scene's, that of its threads included."""
    loop = asyncio.get_running_loop()
    for module in (cascade, sentences):
        monkeypatch.setattr(module, "ThreadPoolExecutor", lambda *_: virtual_clock.VirtualThread(loop, charge=1.0))
    with kept():
        runner = web.AppRunner(make_app(load_stages(TINY)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        await house.play(f"ws://127.0.0.1:{runner.addresses[0][1]}/v1/realtime")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_scene_goes_as_it_says(tmp_path, monkeypatch, models, name):
    models("moonshine_tiny_en/encoder_model.ort")
    path = ROOMS / f"{name}.toml"
    played = scene.load(str(path) if path.exists() else name)
    house = House(tmp_path, (), 0.0)
    house.scene = replace(played, seconds=played.seconds + MORE_S)
    virtual_clock.run(play(house, monkeypatch))
    turns = house.summary.turns
    told = [(turn.user, turn.tools, turn.assistant) for turn in turns]
    assert not house.summary.missed, told
    assert len(turns) >= len(EXPECTED[name]), told
    if CUT in EXPECTED[name]:
        assert any("can you do" in turn.user for turn in turns), told
    for turn, said in zip(turns, EXPECTED[name], strict=False):
        assert re.search(said, turn.assistant), told
    assert any(turn.interrupted for turn in turns) is (name in INTERRUPTED | {"unplugged"}), told
    assert bool(house.all("timer") + house.all("alarm")) is bool(house.all("stop")) is (name in RINGING), told
    assert bool(house.daemon.alarms.all) is (name in SNOOZED), told
    assert not house.codes()


def test_every_scene_is_judged():
    there = {path.stem for folder in (ROOMS, BUNDLED) for path in folder.glob("*.toml")}
    assert there == {*EXPECTED, *INTERRUPTIONS, *ASIDES, *NOBODY}
