"""The figures of the canceller with cards that go wrong; they are not judged here."""

import numpy as np
from msgspec.structs import replace

from device.bench.echo import faults
from device.bench.echo.cards import JUMPS, cards
from device.bench.result import Job
from device.settings.tree import Settings

NOISE = np.random.default_rng(0).standard_normal(16_000 * 3).astype(np.float32) * 0.1


def test_each_card_has_its_figures_and_jumps_tell_what_looking_for_the_echo_costs(monkeypatch, models):
    models("silero_vad.onnx")

    def few(places):
        (well, *_), jumps = cards(places)["delay of 60 ms"], cards(places)[JUMPS]
        scene = replace(jumps[0].scene, seconds=18.0, faults=(replace(jumps[0].scene.faults[0], until=None),))
        return {
            well.name: [replace(well, scene=replace(well.scene, seconds=9.0))],
            JUMPS: [replace(jumps[0], scene=scene, times=(8.0, 14.0))],
        }

    monkeypatch.setattr(faults, "cards", few)
    found = faults.fault_figures(Job(settings=Settings()), [NOISE])
    figures = {figure.name: figure for figure in found}
    assert figures["ERLE, delay of 60 ms, median of 1"].value > 15
    assert figures["ERLE, delay of 60 ms, median of 1"].at_least == faults.ERLE_DB
    assert 0 < figures["… convergence, the worst"].value < 4
    assert figures[f"ERLE, {JUMPS}, median of 1"].bound == ""
    assert figures["… found again, median of 2"].value > 0
    assert figures["… p90"].at_most == faults.AGAIN_S
    assert 0 < figures["CPU of the front end, an echo that jumps, mean"].value < 1
    assert 0 < figures["… in the 2 s after a jump, median"].value < 1
