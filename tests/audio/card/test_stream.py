"""One stream of a PortAudio that the test plays."""

import os
import threading
from types import SimpleNamespace

import numpy as np
import pyaudio
import pytest

from device.audio.card.base import CardError
from device.audio.card.devices import Device
from device.audio.card.stream import LONGEST_DELAY_S, SilenceError, Stream, be_urgent

MICROPHONE, LOUDSPEAKER = Device(3, "Jabra (hw:1,0)", 1, 0), Device(4, "HDMI", 0, 2)
BLOCK = 160


class PortAudio:
    """Opens one stream, and calls back for the first time, or refuses."""

    def __init__(self):
        self.asked = {}
        self.callback = None
        self.speaks, self.active, self.refusal = True, True, None
        self.closed, self.terminated = [], 0

    def open(self, stream_callback, **asked):
        if self.refusal is not None:
            raise self.refusal
        self.asked, self.callback = asked, stream_callback
        if self.speaks:
            threading.Thread(target=self.call).start()
        return SimpleNamespace(
            get_output_latency=lambda: 0.25, close=lambda: self.closed.append(True), is_active=self.is_active
        )

    def is_active(self):
        if isinstance(self.active, OSError):
            raise self.active
        return self.active

    def call(self, heard=bytes(2 * BLOCK), flags=0, delay=0.0):
        return self.callback(heard, BLOCK, {"output_buffer_dac_time": 100 + delay, "current_time": 100.0}, flags)

    def terminate(self):
        self.terminated += 1


@pytest.fixture
def audio(monkeypatch):
    made = PortAudio()
    monkeypatch.setattr("device.audio.card.portaudio.start", lambda: made)
    return made


class Exchange:
    """What a card does in the callback."""

    def __init__(self):
        self.calls = []
        self.inside = []

    def __call__(self, stream, heard, flags):
        self.calls.append((heard, flags))
        self.inside.append(stream.writing)
        return np.full(BLOCK, len(self.calls), np.int16)


@pytest.fixture
def exchange():
    return Exchange()


@pytest.fixture
def stream(audio, exchange):
    made = Stream(16_000, BLOCK, exchange)
    yield made
    made.close()


def test_it_is_opened_mono_both_ways_and_waits_for_its_first_callback(stream, audio, exchange):
    assert stream.beats == 0
    stream.open(MICROPHONE, LOUDSPEAKER)
    assert stream.beats == 1
    assert exchange.calls == [(bytes(2 * BLOCK), 0)]
    assert (audio.asked["rate"], audio.asked["channels"], audio.asked["format"]) == (16_000, 1, pyaudio.paInt16)
    assert (audio.asked["input_device_index"], audio.asked["output_device_index"]) == (3, 4)
    assert audio.asked["frames_per_buffer"] == BLOCK


def test_a_callback_passes_a_block_each_way(stream, audio, exchange):
    stream.open(MICROPHONE, LOUDSPEAKER)
    last = stream.last
    played, verdict = audio.call(b"\1\2" * BLOCK, pyaudio.paInputOverflow)
    assert exchange.calls[-1] == (b"\1\2" * BLOCK, pyaudio.paInputOverflow)
    assert (played == 2).all()
    assert verdict == pyaudio.paContinue
    assert stream.beats == 2
    assert stream.last >= last > 0
    assert exchange.inside == [True, True]
    assert not stream.writing


def test_the_latency_is_the_planned_one_until_callbacks_tell_it(stream, audio):
    stream.open(MICROPHONE, LOUDSPEAKER)
    assert stream.latency() == 0.25
    for nonsense in (-1.0, 0.0, LONGEST_DELAY_S + 1):
        audio.call(delay=nonsense)
        assert stream.latency() == 0.25
    audio.call(delay=0.08)
    assert stream.latency() == pytest.approx(0.08)
    audio.call(delay=0.12)
    assert stream.latency() == pytest.approx(0.08 + 0.04 / 64), "one callback alone says little"
    for _ in range(400):
        audio.call(delay=0.12)
    assert stream.latency() == pytest.approx(0.12, abs=0.001)


@pytest.mark.parametrize("error", [OSError(-9985, "Device unavailable"), ValueError("Invalid sample rate")])
def test_a_device_that_cannot_be_opened_is_named(stream, audio, error):
    audio.refusal = error
    with pytest.raises(
        CardError, match=rf"Jabra \(hw:1,0\) and HDMI cannot be opened at 16000 Hz \({error.args[-1]}\)"
    ):
        stream.open(MICROPHONE, LOUDSPEAKER)


def test_a_stream_that_stays_silent_is_an_error_of_its_own(stream, audio, monkeypatch):
    monkeypatch.setattr("device.audio.card.stream.FIRST_CALLBACK_S", 0.03)
    audio.speaks = False
    with pytest.raises(SilenceError, match=r"^HDMI opened, but no sound came in 0.03 s"):
        stream.open(LOUDSPEAKER, LOUDSPEAKER)


def test_it_is_closed_once_however_often_that_is_asked(stream, audio):
    stream.open(MICROPHONE, LOUDSPEAKER)
    stream.close()
    stream.close()
    assert (audio.closed, audio.terminated) == ([True], 1)


def test_one_that_was_never_opened_can_be_closed(stream, audio):
    stream.close()
    assert (audio.closed, audio.terminated) == ([], 1)


@pytest.mark.parametrize(("told", "active"), [(True, True), (False, False), (OSError("stream closed"), False)])
def test_it_is_active_until_portaudio_gives_it_up(stream, audio, told, active):
    stream.open(MICROPHONE, LOUDSPEAKER)
    audio.active = told
    assert stream.active is active


def test_the_time_of_its_thread_is_told(audio):
    busy, done = threading.Event(), threading.Event()

    def exchange(stream, heard, flags):
        began = os.times().user
        while os.times().user < began + 0.05:
            pass
        busy.set()
        done.wait(20)  # its thread is there as long as it is asked
        return np.zeros(BLOCK, np.int16)

    stream = Stream(16_000, BLOCK, exchange)
    assert stream.used() == 0.0, "there is no thread yet"
    opening = threading.Thread(target=stream.open, args=(MICROPHONE, LOUDSPEAKER))
    opening.start()
    assert busy.wait(20)
    assert 0.02 <= stream.used() < 5
    done.set()
    opening.join(20)
    stream.close()


@pytest.mark.parametrize("refusal", [None, PermissionError()])
def test_to_be_urgent_is_asked_for_and_may_be_refused(monkeypatch, refusal):
    asked = []

    def schedule(pid, policy, parameters):
        asked.append((pid, policy, parameters.sched_priority))
        if refusal is not None:
            raise refusal

    monkeypatch.setattr(os, "sched_setscheduler", schedule)
    be_urgent()
    assert asked == [(0, os.SCHED_RR, 5)]
