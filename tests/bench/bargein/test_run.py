"""What of a bench of barge-in is planned, and kept of what went wrong."""

import wave

import msgspec
import numpy as np
import pytest

from device.bench.bargein.judge import Outcome
from device.bench.bargein.play import Played
from device.bench.bargein.run import AFTER_S, BEFORE_S, keep, measure, run
from device.bench.result import BenchError, Job
from device.settings.tree import Settings
from device.simulation.recording import Tracks

RATE = 16_000


def test_an_unknown_part_is_named_with_those_that_there_are():
    with pytest.raises(BenchError, match=r'no part "speed"; it has talks, self, wake, turns, stalls, people'):
        measure(Job(settings=Settings(), quick=True, part="speed"))


def test_a_folder_without_sounds_is_named(tmp_path):
    with pytest.raises(BenchError, match=r"index\.toml is missing"):
        measure(Job(settings=Settings(), quick=True, sounds=tmp_path))


@pytest.mark.parametrize(
    ("role", "at", "start", "end"),
    [
        ("yield", 5.0, 5.0 - BEFORE_S, 5.0 + AFTER_S),
        ("backchannel", 1.0, 0.0, 1.0 + AFTER_S),
        # Of a reply that nobody interrupted, all of it.
        ("self", 5.0, 5.0 - BEFORE_S, 14.0),
    ],
)
def test_what_went_wrong_can_be_listened_to(tmp_path, role, at, start, end):
    track = np.arange(20 * RATE).astype(np.int16)
    played = Played(Tracks(RATE, track, track + 1, track + 2), {}, [], {}, {}, [], [], 0.0)
    outcome = Outcome(
        slot="talk-000-01", talk="talk-000", role=role, reached=False, at=at, reply_s=9.0,
        echo_db=0.0, noise_db=-60, clip=0.6, rt60=0.2, why="the reply went on",
    )  # fmt: skip
    keep(outcome, played, tmp_path / "out")
    with wave.open(str(tmp_path / "out" / "talk-000-01.wav")) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 3)
        kept = np.frombuffer(file.readframes(1 << 30), "<i2").reshape(-1, 3)
    assert len(kept) == round((end - start) * RATE)
    assert kept[0].tolist() == [track[round(start * RATE)] + n for n in range(3)]
    told = msgspec.json.decode((tmp_path / "out" / "talk-000-01.json").read_bytes())
    assert (told["why"], told["role"]) == ("the reply went on", role)


def test_nothing_to_do_is_done_at_once():
    said = []
    assert run([], [], Job(settings=Settings(), say=said.append)) == ([], [])
    assert said == ["0 conversations, 0 minutes, and 0 turns, in 2 processes"]
