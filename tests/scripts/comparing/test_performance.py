"""What is kept of a phase."""

import json
import wave

import numpy as np

from device.bench.virtual_card import CHANNELS, RATE
from device.simulation.timed_engine import Note, Report
from scripts.comparing.director import Director, Stretch
from scripts.comparing.performance import save
from scripts.comparing.room import Recording, Visit


def test_all_that_the_figures_are_made_of_is_kept(tmp_path):
    tracks = np.arange(4 * RATE, dtype=np.int32).astype(np.int16).reshape(-1, CHANNELS)
    visit = Visit("interruptions", 10, 20, "Stop.")
    recording = Recording(tracks, [visit], np.array([[0.0, 5.0], [100.0, 5.1]]), 3)
    seen = Report([Note(5.0, "reply", "a")], [(5.0, 240)], bytearray(b"\1\2" * 240))
    director = Director(None, None, None, ())
    director.marks.alone.append(Stretch(1, 2))
    save(tmp_path, recording, seen, director)
    with wave.open(str(tmp_path / "room.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, CHANNELS, 2)
        assert file.readframes(RATE) == tracks.tobytes()
    with wave.open(str(tmp_path / "received.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        assert file.readframes(1000) == b"\1\2" * 240
    told = json.loads((tmp_path / "phase.json").read_text())
    assert told["clock"] == [[0.0, 5.0], [100.0, 5.1]]
    assert told["lost"] == 3
    assert told["visits"] == [{"kind": "interruptions", "onset": 10, "end": 20, "text": "Stop."}]
    assert told["marks"]["alone"] == [{"start": 1, "end": 2}]
    assert told["notes"] == [{"at": 5.0, "kind": "reply", "item": "a", "ms": 0}]
    assert told["heard"] == [[5.0, 240]]
