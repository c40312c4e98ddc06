"""A folder of sounds made from a plan, and read again as the benches read it."""

import numpy as np
import pytest

from device.audio.measure import speech_level
from device.bench.sounds import SoundError, load
from scripts.soundmaker import __main__ as soundmaker

PLAN = """
seed = 3
own_voice = ["It is a quarter past ten."]

[noise]
door = 2

[spelling.espeak-ng]
"mm-hm" = "[[m;h'm:]]"
"unspeakable" = ""

[[speaker]]
voice = { name = "ann", synthesizer = "espeak-ng", voice = "en-gb", kind = "female", rate = 1.1 }
interruptions = ["Stop.", "unspeakable", "Wait a minute."]
backchannels = ["mm-hm"]
pauses = ["Set a timer for … ten minutes."]
with_music = ["Here is the news at ten."]
"""


def make(monkeypatch, tmp_path, plan=PLAN):
    (tmp_path / "plan.toml").write_text(plan)
    monkeypatch.setattr("sys.argv", ["sounds", str(tmp_path / "plan.toml"), str(tmp_path / "made")])
    soundmaker.main()
    return tmp_path / "made"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield make(monkeypatch, tmp_path_factory.mktemp("sounds"))


def test_every_sound_of_the_plan_is_made_and_what_cannot_be_said_left_out(folder):
    found = {str(sound.file.relative_to(folder)): sound for sound in load(folder)}
    assert set(found) == {
        "interruptions/ann-1.wav",
        "interruptions/ann-3.wav",
        "backchannels/ann-1.wav",
        "pauses/ann-1.wav",
        "distant/ann-music-1.wav",
        "noises/door-1.wav",
        "noises/door-2.wav",
        "replies/own-1.wav",
    }
    assert found["backchannels/ann-1.wav"].text == "mm-hm"
    assert found["interruptions/ann-3.wav"].variant == "en-gb, female, rate 1.1"
    assert (found["noises/door-2.wav"].voice, found["noises/door-2.wav"].text) == ("door", "")


def test_all_are_as_loud_unless_their_peaks_forbid_it(folder):
    for sound in load(folder):
        samples = sound.samples()
        peak = np.abs(samples).max() / 32767
        level = speech_level(samples, 16_000)
        assert peak <= soundmaker.HIGHEST_PEAK + 0.001
        loud = level == pytest.approx(soundmaker.LEVEL_DBFS, abs=0.3)
        assert loud or peak == pytest.approx(soundmaker.HIGHEST_PEAK, abs=0.001)


def test_there_is_next_to_nothing_around_a_sound(folder):
    for sound in load(folder):
        samples = sound.samples().astype(float)
        loud = np.flatnonzero(np.abs(samples) > 0.1 * np.abs(samples).max())
        around = soundmaker.SOFT_LEAD_S + soundmaker.LEAD_S + soundmaker.SOFT_TAIL_S + soundmaker.TAIL_S
        assert (loud[0] + len(samples) - loud[-1]) / 16_000 < around + 0.1
        assert samples[0] == 0


def test_a_pause_is_silent_and_where_the_index_says(folder):
    (paused,) = (sound for sound in load(folder) if sound.kind == "pauses")
    begin, end = paused.pause
    assert soundmaker.SHORTEST_PAUSE_S <= end - begin <= soundmaker.LONGEST_PAUSE_S
    samples = paused.samples()
    assert not samples[round(begin * 16_000) + 16 : round(end * 16_000) - 16].any()
    assert samples[: round(begin * 16_000)].any()
    assert samples[round(end * 16_000) :].any()


def test_what_was_made_before_is_replaced(monkeypatch, tmp_path):
    old = tmp_path / "made" / "wake" / "old.wav"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    (tmp_path / "made" / "LICENCES.md").write_text("Theirs.")
    folder = make(monkeypatch, tmp_path, "seed = 1\nspeaker = []\n[noise]\nburst = 1\n")
    assert not old.exists()
    assert (folder / "LICENCES.md").read_text() == "Theirs."
    assert [sound.voice for sound in load(folder)] == ["burst"]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ("seed = 1", "missing required field `speaker`"),
        ("seed = 1\nspeaker = []\nsounds = 3", "unknown field `sounds`"),
        ("seed = ", "see .* for what a plan holds"),
    ],
)
def test_a_plan_that_cannot_be_read_is_named(monkeypatch, tmp_path, plan, why):
    with pytest.raises(SystemExit, match=f"plan.toml: .*{why}"):
        make(monkeypatch, tmp_path, plan)


def test_a_plan_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["sounds", str(tmp_path / "absent.toml"), str(tmp_path)])
    with pytest.raises(SystemExit, match=r"absent\.toml cannot be read: No such file"):
        soundmaker.main()


def test_two_sounds_of_one_name_are_an_error(monkeypatch, tmp_path):
    speaker = '[[speaker]]\nvoice = { name = "ann", synthesizer = "espeak-ng", voice = "en-gb" }\nwake = ["hey"]\n'
    with pytest.raises(SystemExit, match=r"two sounds are called wake/ann-1\.wav"):
        make(monkeypatch, tmp_path, f"seed = 1\n{speaker}{speaker}")
    with pytest.raises(SoundError):
        load(tmp_path / "made")
