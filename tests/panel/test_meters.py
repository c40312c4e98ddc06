from types import SimpleNamespace

import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.conversation.states import State
from device.panel.lights import Status
from device.panel.meters import (
    FALL_S,
    LEVEL_MS,
    LOUDEST_DBFS,
    QUIETEST_DBFS,
    WINDOW_S,
    LevelMeter,
    StatusMeter,
    StreamingMeter,
)

RATE = 16_000


def square(dbfs, ms):
    """Return a square wave of so many dBFS RMS."""
    return np.where(np.arange(RATE * ms // 1000) % 40 < 20, 1, -1) * round(32768 * 10 ** (dbfs / 20))


@pytest.fixture
def card():
    return SimpleNamespace(rate=RATE, reference=RingBuffer(RATE, 2), output_latency=0)


def play(card, pcm):
    card.reference.write(pcm.astype(np.int16))


def test_what_there_is_to_show_is_gathered_and_sound_that_must_not_leave_is_a_leak():
    assistant = SimpleNamespace(
        state=State.ASLEEP, sent=0, ringing=True, closed=False, updating=True, setting_up=True, digits="12"
    )
    meter = StatusMeter(assistant, lambda: True)
    assert meter.read(5.0) == Status(
        State.ASLEEP, ringing=True, updating=True, setting_up=True, asking=True, digits="12"
    )
    assistant.state, assistant.sent = State.LISTENING, 160
    assert meter.read(6.0).streaming
    assistant.state, assistant.sent = State.ASLEEP, 320
    assert not meter.read(6.3).leak, "the last of it may still be on its way"
    assistant.sent = 480
    assert meter.read(7.0).leak


def test_zeros_that_keep_an_engine_s_clock_going_do_not_count():
    meter = StreamingMeter()
    assert not any(meter.read(0, t / 10) for t in range(50))
    assert meter.read(160, 5.0)
    assert not meter.read(160, 5.3)


def test_sound_that_goes_on_leaving_is_streaming_until_a_moment_after_the_last_of_it():
    meter = StreamingMeter()
    assert all(meter.read(160 * n, n * WINDOW_S) for n in range(1, 50))
    last = 49 * WINDOW_S
    assert meter.read(160 * 49, last + WINDOW_S - 0.01)
    assert not meter.read(160 * 49, last + WINDOW_S + 0.01)


def test_a_count_that_begins_anew_is_sound_as_well():
    meter = StreamingMeter()
    meter.read(16_000, 0.0)
    assert meter.read(160, 10.0), "another session counts from its own beginning"


@pytest.mark.parametrize(
    ("dbfs", "level"),
    [(0, 1.0), (LOUDEST_DBFS, 1.0), (-30, 0.5), (QUIETEST_DBFS, 0.0), (QUIETEST_DBFS - 10, 0.0), (-85, 0.0)],
)
def test_the_level_is_linear_in_decibels_between_the_quietest_and_the_loudest(card, dbfs, level):
    play(card, square(min(dbfs, -0.01), LEVEL_MS))
    assert LevelMeter(card).read(0.0) == pytest.approx(level, abs=0.01)


def test_the_level_is_nothing_before_anything_was_played_and_in_silence(card):
    meter = LevelMeter(card)
    assert meter.read(0.0) == 0.0
    play(card, np.zeros(RATE))
    assert meter.read(0.1) == 0.0


def test_the_level_rises_at_once_and_falls_slower_than_speech_flickers(card):
    meter = LevelMeter(card)
    play(card, square(LOUDEST_DBFS, LEVEL_MS))
    assert meter.read(10.0) == pytest.approx(1.0, abs=0.01)
    play(card, np.zeros(RATE))
    for part in (0.25, 0.5, 0.75):
        assert meter.read(10.0 + part * FALL_S) == pytest.approx(1 - part, abs=0.02)
    assert meter.read(10.0 + 2 * FALL_S) == 0.0


def test_the_level_is_that_of_what_is_heard_now(card):
    """Not of what the card was given just now: that is heard an output latency later."""
    card.output_latency = 1600
    meter = LevelMeter(card)
    play(card, np.zeros(8000))
    play(card, 8000 * np.sin(np.arange(1600) / 5))
    assert meter.read(0.0) == 0.0
    play(card, np.zeros(1600))
    assert meter.read(0.1) > 0.8
    play(card, np.zeros(1600))
    assert 0.4 < meter.read(0.2) < 0.8
    assert meter.read(1.0) == 0.0
