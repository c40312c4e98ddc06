"""`parley run` beside another program that plays: it is lowered while somebody talks, and never stays so."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from assistant.test_run import running
from support.pulse import RATE

from device.audio.music.programs import FACTOR, streams

pytestmark = pytest.mark.realtime

USUAL = 50_000
PATIENCE_S = 60


@pytest.fixture
def music(pulse):
    pulse.offer_monitor()
    settings = Path(os.environ["HOME"], ".config", "parley", "parley.toml")
    settings.parent.mkdir(parents=True)
    settings.write_text('[card]\nmusic = "lower"\n')
    with pulse.playing(np.zeros(600 * RATE, np.int16)):
        plays = until(lambda: [stream for stream in streams() if stream.name.endswith("music")])
        pulse.pactl("set-sink-input-volume", str(plays[0].number), str(USUAL))
        yield


def until(found):
    end = time.monotonic() + PATIENCE_S
    while not (what := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return what


def becomes(volume):
    until(lambda: (volume,) in [stream.volume for stream in streams() if stream.name.endswith("music")])


def test_music_is_lowered_in_a_conversation_and_restored_at_its_end_and_after_a_crash(music, tmp_path, models):
    models("moonshine_tiny_en/encoder_model.ort")
    with running(tmp_path / "first") as process:
        process.send_signal(signal.SIGUSR1)  # the button
        becomes(round(FACTOR * USUAL))
        process.kill()
        process.wait()
    becomes(round(FACTOR * USUAL))
    with running(tmp_path / "second") as process:
        becomes(USUAL)
        process.send_signal(signal.SIGUSR1)
        becomes(round(FACTOR * USUAL))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        becomes(USUAL)
        assert "Traceback" not in process.stdout.read()
