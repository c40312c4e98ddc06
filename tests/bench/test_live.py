"""The daemon of the benches, in a short real run; its figures are not judged here."""

import asyncio

import pytest

from device.bench import overhead
from device.bench.live import Live, TimedRoom, plain, sessions
from device.listen.detectors import Detectors
from device.settings.tree import Settings
from device.simulation.scene import Scene
from device.simulation.timed_engine import Plan, TimedEngine


def test_a_bench_hears_no_earcons_and_lets_the_engine_end_turns():
    settings = plain(Settings(engines=("openai", "local"), name="Mavis"))
    assert (settings.playout.earcons, settings.listen.end_of_turn, settings.engines) == (False, "server", ("local",))
    assert settings.name == "Mavis"


async def test_a_session_is_with_the_engine_of_the_bench_whatever_it_is_asked_for():
    session = await sessions(plain(Settings()), "ws://127.0.0.1:9/v1/realtime")([], "openai", ())
    assert session.capabilities.family == "turns"
    await session.close()


@pytest.mark.realtime
def test_a_daemon_talks_to_the_scripted_engine_and_both_ways_are_timed(models):
    models("hey_jarvis.onnx")
    settings = plain(Settings())
    detectors = Detectors.load(settings.wake, settings.models_dir)
    room = TimedRoom(Scene(name="short", seconds=6.0))
    with TimedEngine(Plan(after_s=2.5, every_s=0.5, reply_s=0.4)) as engine:
        live = Live(room, settings, engine.url)
        asyncio.run(live.play(detectors))
        report = engine.report()
    up = overhead.up_ms(live.sends, room.times, report, until_s=2.5)
    down = overhead.down_ms(live, room, report)
    assert len(up) > 10
    assert len(down) >= 2
    assert min(up) > 14, "no sooner than the delays of the canceller and of the resampler"
    assert min(down) > 0
    assert live.lost == 0
    assert len(room.times) == len(room.callback_ns) == 600


def test_what_an_actor_raises_is_raised(models):
    models("hey_jarvis.onnx")
    settings = plain(Settings())

    async def fail(_daemon):
        raise ValueError("the actor's own")

    live = Live(TimedRoom(Scene(name="short", seconds=0.2)), settings)
    with pytest.raises(ValueError, match="the actor's own"):
        asyncio.run(live.play(Detectors.load(settings.wake, settings.models_dir), fail))
