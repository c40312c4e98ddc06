"""The arithmetic of the benches."""

import numpy as np
import pytest

from device.bench import heard, latency, overhead, start
from device.simulation.timed_engine import Report


def test_passages_are_the_sound_between_silences_of_more_than_200_ms():
    track = np.zeros(48_000, np.int16)
    track[4_800:9_600] = 1
    track[12_000:14_400] = -1  # after 50 ms: the same passage
    track[38_400:] = 5
    assert heard.passages(track, 48_000) == [(0.1, 0.3), (0.8, 1.0)]
    assert heard.passages(np.zeros(100, np.int16), 48_000) == []


def test_differences_compare_each_item_with_the_passage_that_begins_with_it():
    told = {"a": 1000, "b": 480, "never played": 5, "not on the track": 7}
    starts = {"a": 2.0, "b": 6.02, "not on the track": 9.0}
    assert heard.differences(told, starts, [(2.0, 3.012), (6.0, 6.5)]) == pytest.approx([12, 20])


def test_stages_are_the_medians_of_whole_turns():
    whole = {"voice_end": 1.0, "engine_speech_stopped": 1.5, "reply_start": 1.51, "reply_received": 1.6}
    turns = [
        whole | {"reply_first_audio": 1.7},
        whole | {"reply_first_audio": 1.8},
        whole | {"reply_first_audio": 1.65},
        {"voice_end": 3.0, "reply_first_audio": 9.0},
    ]
    ends = [0.5, 0.97, 2.0]
    assert [round(figure.value) for figure in latency.stages(turns, ends)] == [30, 500, 10, 90, 100]
    assert np.isnan(latency.stages([], [])[0].value)


def test_the_way_up_is_measured_to_the_receipt_of_a_blocks_last_sample():
    times = [block / 100 for block in range(1000)]
    sends = [(160 * (n + 1), 16_000 + 160 * (n + 1)) for n in range(800)]
    # The engine is sent 240 samples for each 160, 31 ms after the block with the last of them was handed over.
    report = Report(heard=[(times[100 + n] + 0.031, 240) for n in range(800)])
    found = overhead.up_ms(sends, times, report, until_s=6.0)
    assert len(found) == 399
    assert found == pytest.approx([31.0] * len(found))


def test_imports_are_summed_by_package():
    log = """import time: self [us] | cumulative | imported package
import time:       200 |        200 |   numpy.core
import time:       300 |        500 | numpy
import time:        50 |         50 | json
WARNING something else
"""
    found = {figure.name: figure.value for figure in start.imports(log)}
    assert found["importing numpy, instrumented"] == pytest.approx(500e-6)
    assert found["importing all else, instrumented"] == pytest.approx(50e-6)
    assert found["importing aiohttp, instrumented"] == 0
