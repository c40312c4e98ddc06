"""The card's own process: that it sounds, that it ends with the daemon, and that it is replaced."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.pulse import RATE

from device.audio.card.base import CardError
from device.audio.card.process import ProcessCard
from device.settings.tree import CardSettings

pytestmark = pytest.mark.realtime

METRONOME = "device.bench.metronome:Metronome"
"""A card that needs no sound server."""
ROOT = Path(__file__).parents[3]


class Presence:
    """What the card says of its coming and going."""

    def __init__(self):
        self.gone, self.back = threading.Event(), threading.Event()

    def __call__(self, present):
        (self.back if present else self.gone).set()


@contextlib.contextmanager
def opened(settings=CardSettings(), maker=METRONOME, presence=lambda present: None, **options):  # noqa: B008 - frozen
    card = ProcessCard(settings, maker=maker, **options)
    playout = card.playout(prebuffer_ms=0, volume=1.0)
    try:
        card.open(playout, presence)
        yield card, playout
    finally:
        card.close()


ALSA = "device.audio.card.alsa:AlsaCard"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def await_true(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def sine(seconds, rate=RATE):
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def test_it_plays_and_hears_by_a_real_sound_server(pulse):
    with pulse.speaking(sine(30)), opened(maker=ALSA) as (card, playout), pulse.recording() as played:
        assert card.rate == RATE
        assert card.present
        await_true(lambda: card.output_latency > 0)
        await_true(lambda: np.abs(card.mic.cursor().read(4800, 10)).max() > 7000)
        playout.play("a", sine(1.0, 24_000).tobytes(), 24_000)
        playout.finish("a")
        notes = []

        def done():
            notes.extend(playout.notes())
            return [note.kind for note in notes] == ["started", "done"]

        await_true(done)
        assert notes[1].heard[0].ms == 1000
        start = notes[0].frame - card.output_latency
        reference = card.reference.cursor(start).read(RATE // 2, 5)
        assert np.abs(reference).max() > 7000
        # What has left the device has yet to come out of the server.
        await_true(lambda: np.count_nonzero(pulse.recorded()) > 0.9 * RATE)
    assert np.abs(played[0].astype(int)).max() > 7000
    assert not alive(card.pid)


def test_a_card_that_vanishes_and_comes_back_does_so_in_the_same_process(pulse):
    presence = Presence()
    with opened(maker=ALSA, presence=presence) as (card, _):
        pid = card.pid
        pulse.stop()
        assert presence.gone.wait(30)
        assert not card.present
        before = card.mic.position
        await_true(lambda: card.mic.position > before + card.rate // 10)  # the clock goes on
        pulse.start()
        assert presence.back.wait(60)
        assert (card.present, card.pid) == (True, pid)


def test_a_card_that_is_not_there_says_so_and_leaves_no_process(no_sound):
    before = children()
    with pytest.raises(CardError, match="no microphone"):
        ProcessCard(CardSettings())
    assert children() <= before


def children():
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # of a thread that has ended since
            found |= set((task / "children").read_text().split())
    return found


def test_a_process_that_does_not_get_so_far_is_told_of():
    with pytest.raises(CardError, match="the sound card's process has ended with status 1"):
        ProcessCard(CardSettings(), maker="device.bench.metronome:NoSuchThing")


def test_a_card_takes_none_but_its_own_playout():
    card = ProcessCard(CardSettings(), maker=METRONOME)
    with pytest.raises(TypeError):
        card.open(object())
    card.close()
    card.close()
    assert not alive(card.pid)


def test_a_deaf_card_hears_nothing_from_its_first_sample_on():
    card = ProcessCard(CardSettings(), maker=METRONOME)
    card.deaf = True
    card.open(card.playout(prebuffer_ms=0, volume=1.0))
    try:
        assert not card.mic.cursor(0).read(card.rate // 5, 10).any()
        card.deaf = False
        await_true(lambda: card.mic.cursor().read(card.block, 10).any())
        card.deaf = True
        await_true(lambda: not card.mic.cursor().read(card.block, 10).any())
    finally:
        card.close()


def test_its_memory_is_small_and_it_has_nothing_that_it_does_not_need(pulse):
    with opened(maker=ALSA, ring_seconds=60) as (card, _):
        card.mic.cursor().read(card.rate, 10)
        pages = int(Path(f"/proc/{card.pid}/statm").read_text().split()[1])
        mapped = Path(f"/proc/{card.pid}/maps").read_text()
    assert pages * 4096 <= 45_000_000
    assert "onnxruntime" not in mapped
    assert "_ssl" not in mapped
    assert "mtrand" not in mapped


def test_one_that_is_killed_is_replaced_and_the_clock_goes_on(caplog):
    caplog.set_level(logging.INFO)
    presence = Presence()
    with opened(presence=presence) as (card, playout):
        playout.play("a", sine(20).tobytes(), RATE)
        await_true(lambda: playout.playing.ms > 100)
        pid, at, began = card.pid, card.mic.position, time.monotonic()
        os.kill(pid, signal.SIGKILL)
        assert presence.gone.wait(10)
        assert presence.back.wait(60)
        assert card.pid != pid
        assert playout.playing is None
        assert [(note.kind, note.heard[0].item) for note in playout.notes()] == [("started", "a"), ("done", "a")]
        frames = card.mic.position - at
        seconds = time.monotonic() - began
        assert 0.5 * seconds < frames / card.rate <= seconds + 0.1, "as many frames as time has passed, about"
        playout.play("b", sine(1).tobytes(), RATE)
        await_true(lambda: playout.playing is not None and playout.playing.ms > 100)
        assert np.abs(card.reference.cursor().read(card.block, 10)).max() > 1000
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["a metronome: its process has been killed by signal 9 and is started anew."]


def test_one_that_hangs_is_replaced():
    presence = Presence()
    with opened(presence=presence) as (card, _):
        pid = card.pid
        os.kill(pid, signal.SIGSTOP)
        assert presence.gone.wait(30)
        assert presence.back.wait(60)
        assert not alive(pid)
        assert card.pid != pid


def test_it_can_be_closed_while_its_process_is_replaced():
    presence = Presence()
    with opened(presence=presence) as (card, _):
        os.kill(card.pid, signal.SIGKILL)
        assert presence.gone.wait(10)

    await_true(lambda: not any("card.child" in command(child) for child in children()))


def command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


DAEMON = """
import sys, time
from device.audio.card.process import ProcessCard
from device.settings.tree import CardSettings
card = ProcessCard(CardSettings(), maker="device.bench.metronome:Metronome")
playout = card.playout(prebuffer_ms=0, volume=1.0)
card.open(playout)
playout.play("a", bytes(48_000 * 60), 48_000)
print(card.pid, flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def daemon():
    """Yield a process that has a card, and the card's process."""
    with subprocess.Popen([sys.executable, "-c", DAEMON], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_it_ends_with_a_daemon_that_is_killed():
    with daemon() as (process, card):
        assert alive(card)
        process.kill()
        await_true(lambda: not alive(card), 10)


def test_it_does_not_go_on_talking_for_a_daemon_that_is_stopped():
    with daemon() as (process, card):
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        await_true(lambda: not alive(card), 20)
        assert time.monotonic() - began > 1.0, "a stall is ridden out"


def test_signals_are_the_daemon_s_to_hear():
    with daemon() as (process, card):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(card, number)
        time.sleep(0.2)
        assert alive(card)
        assert process.poll() is None
    await_true(lambda: not alive(card), 10)


def test_silence_takes_the_place_of_sound_meanwhile_and_is_known_to_be_missing():
    presence = Presence()
    with opened(presence=presence) as (card, _):
        card.mic.cursor().read(card.block, 10)
        os.kill(card.pid, signal.SIGKILL)
        assert presence.gone.wait(10)
        cursor = card.mic.cursor()
        assert not cursor.read(2 * card.block, 10).any()
        assert card.gaps.touch(cursor.position - card.block, cursor.position)
        assert not card.present
        assert presence.back.wait(60)
        await_true(lambda: card.mic.cursor().read(card.block, 10).any())
        assert card.gaps.last[1] < card.mic.position
