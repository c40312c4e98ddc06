"""How long audio takes between the card and the engine, each way."""

from types import SimpleNamespace

import pytest

from device.bench.overhead import CARD_RATE, down_ms, up_ms
from device.conversation import entries
from device.simulation.timed_engine import Note, Report

TIMES = [block / 100 for block in range(1000)]
"""When each block of 10 ms was handed over."""


def test_the_way_up_is_measured_to_the_receipt_of_a_blocks_last_sample():
    sends = [(160 * (n + 1), 16_000 + 160 * (n + 1)) for n in range(800)]
    # The engine is sent 240 samples for each 160, 31 ms after the block with the last of them was handed over.
    report = Report(heard=[(TIMES[100 + n] + 0.031, 240) for n in range(800)])
    found = up_ms(sends, TIMES, report, until_s=6.0)
    assert len(found) == 399
    assert found == pytest.approx([31.0] * len(found))


def test_what_never_arrived_has_no_way_up():
    sends = [(160 * (n + 1), 160 * (n + 1)) for n in range(800)]
    report = Report(heard=[(TIMES[n] + 0.020, 240) for n in range(300)])
    found = up_ms(sends, TIMES, report, until_s=6.0)
    # From 2 s, after which it is no backlog any more, to the 3 s that arrived.
    assert len(found) == 100
    assert found == pytest.approx([20.0] * len(found))


def test_the_way_down_ends_where_the_first_sample_is_handed_over():
    room = SimpleNamespace(output_latency=960, block=480, times=TIMES)
    assert room.block == CARD_RATE // 100
    report = Report(notes=[Note(1.000, "reply", "a"), Note(3.000, "reply", "b"), Note(4.0, "reply", "never played")])
    # The first sample of a is heard at 1.05 s, which is 20 ms after its block was handed over.
    played = {"a": 1.05, "b": 3.04, "of nobody": 5.0}
    ledger = [entries.ReplyFirstAudio(round(at * 16_000), item) for item, at in played.items()]
    ledger.append(entries.Wake(0, "hey_jarvis", 0.9))
    assert down_ms(SimpleNamespace(entries=ledger), room, report) == pytest.approx([30.0, 20.0])
