import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from support.rooms import white, write_wav

from device.simulation import recording
from device.simulation.recording import Recording, RecordingError


def test_what_was_written_is_read_back(tmp_path):
    frames = white(3 * 4800, -20).reshape(-1, 3)
    with Recording(tmp_path / "a.wav", 16_000) as made:
        for block in np.split(frames, 30):
            made.write(block)
    tracks = recording.load(made.path)
    assert (tracks.rate, tracks.seconds) == (16_000, 0.3)
    np.testing.assert_array_equal(tracks.visitors, frames[:, 0])
    np.testing.assert_array_equal(tracks.microphone, frames[:, 1])
    np.testing.assert_array_equal(tracks.loudspeaker, frames[:, 2])
    with wave.open(str(made.path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (3, 16_000, 4800)


def test_a_crash_loses_nothing_that_was_recorded(tmp_path):
    path = tmp_path / "a.wav"
    # 2.5 s and then a sudden end: the header knows of 2 s, the file holds all.
    program = f"""
import os, signal, numpy as np, pathlib
from device.simulation.recording import Recording
made = Recording(pathlib.Path({str(path)!r}), 16000)
for i in range(250):
    made.write(np.full((160, 3), i, np.int16))
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    assert done.returncode == -signal.SIGKILL
    tracks = recording.load(path)
    assert len(tracks.loudspeaker) == 40_000
    assert tracks.loudspeaker[-1] == 249
    with wave.open(str(path)) as file:  # and any other program can read it
        assert file.getnframes() == 32_000


def test_a_torn_last_frame_is_left_out(tmp_path):
    with Recording(tmp_path / "a.wav", 16_000) as made:
        made.write(np.ones((160, 3), np.int16))
    with made.path.open("ab") as file:
        file.write(b"\x01\x00\x01")
    assert len(recording.load(made.path).visitors) == 160


def test_closing_twice_is_harmless(tmp_path):
    made = Recording(tmp_path / "a.wav", 16_000)
    made.close()
    made.close()
    assert recording.load(made.path).seconds == 0


def test_other_files_are_refused_by_name(tmp_path):
    (tmp_path / "text.wav").write_text("hello")
    write_wav(tmp_path / "stereo.wav", np.zeros((10, 2), np.int16), 16_000)
    with pytest.raises(RecordingError, match=r"text\.wav: cannot be read"):
        recording.load(tmp_path / "text.wav")
    with pytest.raises(RecordingError, match=r"stereo\.wav: a recording has 3 channels of 16 bits, not 2 of 16"):
        recording.load(tmp_path / "stereo.wav")
    with pytest.raises(RecordingError, match=r"none\.wav: cannot be read"):
        recording.load(tmp_path / "none.wav")


def test_a_wav_file_has_a_longest_length():
    assert Recording.longest(48_000) == pytest.approx(4.14 * 3600, rel=0.01)
