"""Short runs of what the benches are made of; their figures are not judged here."""

import asyncio

from device.bench import overhead
from device.bench.live import Live, TimedRoom, plain
from device.bench.result import Job
from device.bench.run import run_one
from device.listen.detectors import Detectors
from device.settings.tree import Settings
from device.simulation.scene import Scene
from device.simulation.timed_engine import Plan, TimedEngine


def test_a_daemon_talks_to_the_scripted_engine_and_both_ways_are_timed(models):
    models("hey_jarvis.onnx")
    settings = plain(Settings())
    detectors = Detectors.load(settings.wake, settings.models_dir)
    room = TimedRoom(Scene(name="short", seconds=6.0))
    with TimedEngine(Plan(after_s=2.5, every_s=0.5, reply_s=0.4)) as peer:
        live = Live(room, settings, peer.url)
        asyncio.run(live.play(detectors))
        report = peer.report()
    up = overhead.up_ms(live.sends, room.times, report, until_s=2.5)
    down = overhead.down_ms(live, room, report)
    assert len(up) > 10
    assert len(down) >= 2
    assert min(up) > 14, "no sooner than the delays of the canceller and of the resampler"
    assert min(down) > 0
    assert live.lost == 0
    assert len(room.times) == len(room.callback_ns) == 600


def test_the_start_is_measured_with_the_real_command():
    result = run_one("start", Job(settings=Settings(), quick=True))
    assert not result.error
    figures = {figure.name: figure.value for figure in result.figures}
    assert 0.2 < figures["the first"] < 60
    assert 0 < figures["importing numpy, instrumented"] < figures["the first"] * 20
