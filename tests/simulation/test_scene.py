import math
from pathlib import Path

import numpy as np
import pytest
from support.rooms import white, write_wav

from device.audio import clips
from device.simulation import scene
from device.simulation.scene import Acoustics, Scene, SceneError, Visitor


@pytest.fixture
def refused(tmp_path):
    """Return what `load` says of a scene file with the text given."""

    def why(text: str) -> str:
        path = tmp_path / "bad.toml"
        path.write_text(text)
        with pytest.raises(SceneError) as caught:
            scene.load(path)
        assert str(caught.value).startswith(str(path))
        return str(caught.value)

    return why


FAULT = "seconds = 9\n[[fault]]\nat = 1\n"
MOVE = "seconds = 9\n[[move]]\nat = 1\n"
VISITOR = "seconds = 9\n[[visitor]]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ['the key "seconds" is missing']),
        ("seconds = = 1", ["not a TOML file", "line 1"]),
        ("seconds = -1", ["seconds: Expected `float` > 0.0"]),
        (
            "seconds = 1\nsecond = 1",
            ['no key "second"', "there are seconds, name, room, visitor, card, fault, move, clock"],
        ),
        ("seconds = 1\n[room]\nrt6 = 1", ['room: there is no key "rt6"', "rt60"]),
        ("seconds = 1\n[room]\nrt60 = -1", ["room: rt60"]),
        ("seconds = 1\n[room]\nrate = 44100", ["room: rate", "44100", "16000, 24000, 48000"]),
        ("seconds = 1\n[room]\nnoise_db = 3", ["room: noise_db"]),
        ("seconds = 1\n[room]\necho_db = nan", ["room: echo_db"]),
        ("seconds = 1\n[room]\nclip = 0", ["room: clip"]),
        ('seconds = 1\n[room]\nnoise = "blue"', ['room.noise: "blue"', "white, pink, brown"]),
        ('seconds = 1\n[room]\nnoise = "hum.wav"', ["hum.wav", "no such WAV file"]),
        ("seconds = 1\n[room]\ndelay_ms = 0\nlatency_ms = 5", ["delay_ms and latency_ms must come to 10"]),
        ("seconds = 1\n[room]\ndelay_ms = 9\ndrift_ppm = -5", ["must come to 31", "drift_ppm = -5"]),
        (VISITOR + 'text = "a"', ["visitor 1: a visitor needs one time"]),
        (VISITOR + 'at = 1\nafter = "asleep"\ntext = "a"', ["visitor 1: a visitor needs one time"]),
        (VISITOR + "at = 1", ["visitor 1: a visitor needs one thing to say"]),
        (VISITOR + 'at = 1\ntext = "a"\nwav = "a.wav"', ["visitor 1: a visitor needs one thing to say"]),
        (VISITOR + 'at = 1\ntext = "a"\nplus = 1', ["visitor 1: plus and nth go with after"]),
        (VISITOR + 'at = 9\ntext = "a"', ["at = 9 is past the scene's end"]),
        (VISITOR + 'at = 1\ntext = "a"\nlevel_db = 1', ["visitor 1: level_db"]),
        (VISITOR + 'at = 1\ntext = "a"\nlevl_db = 1', ['visitor 1: there is no key "levl_db"', "level_db"]),
        (VISITOR + 'after = "asleep"\nnth = 0\ntext = "a"', ["visitor 1: nth"]),
        (VISITOR + 'after = "bored"\ntext = "a"', ["visitor 1: after", "bored", "asleep", "reply_end"]),
        (VISITOR + 'after = "visitor"\ntext = "a"', ["no visitor before it"]),
        (VISITOR + 'at = 1\nwav = "none.wav"', ["none.wav", "no such WAV file"]),
        (VISITOR + 'at = 1\nwav = "none.wav"\nfolder = "anna"', ["visitor 1: a visitor needs one thing to say"]),
        (VISITOR + 'at = 1\nfolder = "anna"', ['folder = "anna"', "No such file"]),
        (VISITOR + 'at = 1\nfolder = "."', ['folder = "."', "no .wav files"]),
        (VISITOR + 'at = 1\ntext = "a"\nvoice = "tlh-xx"', ['the voice "tlh-xx"', "espeak-ng --voices"]),
        (VISITOR + 'at = 1\ntext = "a"\nvoice = "en+Nobody"', ['variant "Nobody"', "--voices=variant"]),
        (VISITOR + 'at = 1\ntext = "a"\nvoice = "-q"', ["visitor 1: voice"]),
        (VISITOR + 'at = 1\ntext = " "', ["finds nothing to say"]),
        ('seconds = 9\n[[card]]\nat = 1\naction = "plug"', ["[[card]]: unplug and plug take turns"]),
        ('seconds = 9\n[[card]]\nat = 1\naction = "kick"', ["card 1: action", "unplug, plug"]),
        ("seconds = 1\n[room]\nsecond_echo_db = nan", ["room: echo_db, second_echo_db"]),
        ("seconds = 1\n[room]\nsecond_delay_ms = 1001", ["room: second_delay_ms"]),
        (
            "seconds = 1\n[room]\nsecond_delay_ms = 0\nlatency_ms = 5",
            ["second_delay_ms and latency_ms must come to 10"],
        ),
        (FAULT + "ms = 20", ['fault 1: the key "kind" is missing']),
        (FAULT + 'kind = "stall"', ['fault 1: the key "ms" is missing']),
        (FAULT + 'kind = "hiccup"\nms = 20', ["fault 1: kind", "hiccup", "stall, freeze, overrun, repeat, drop, jump"]),
        (FAULT + 'kind = "stall"\nms = 20\nevry = 3', ['fault 1: there is no key "evry"', "every, until, spread"]),
        (FAULT + 'kind = "stall"\nms = 0', ["fault 1: ms of a stall must be 1 to 1000"]),
        (FAULT + 'kind = "stall"\nms = nan', ["fault 1: ms of a stall must be 1 to 1000"]),
        (FAULT + 'kind = "buffer"\nms = -1', ["fault 1: ms of a buffer must be 0 to 1000"]),
        (FAULT + 'kind = "jump"\nms = [300, 200]', ["fault 1: ms of a jump must be -1000 to 1000, or [least, most]"]),
        (FAULT + 'kind = "stall"\nms = [300]', ["fault 1: ms"]),
        (FAULT + 'kind = "stall"\nms = 20\nevery = 0', ["fault 1: every"]),
        (FAULT + 'kind = "stall"\nms = 20\nuntil = 0.5', ["fault 1: until must be later than at = 1"]),
        (FAULT + 'kind = "stall"\nms = 20\nspread = -1', ["fault 1: spread"]),
        (FAULT + 'kind = "jump"\nms = -31', ["every echo must come 10 ms after its sound or later", "not 9"]),
        (FAULT.replace("= 1", "= 9") + 'kind = "stall"\nms = 20', ["at = 9 is past the scene's end"]),
        (MOVE, ["move 1: a move needs a delay_ms, an echo_db or other_room"]),
        (MOVE + "echo_db = nan", ["move 1: echo_db"]),
        (MOVE + "delay_ms = 5", ["every echo must come 10 ms after its sound or later", "not 5"]),
        (MOVE + "delay_ms = 50\nover = 2", ["move 1: over must not be longer than at = 1"]),
        (MOVE + "echo_db = 0\n[[move]]\nat = 1.05\necho_db = 3", ["[[move]]: one after the other"]),
    ],
)
def test_a_bad_scene_is_explained(refused, text, said):
    message = refused(text)
    for words in said:
        assert words in message


@pytest.fixture
def anna(tmp_path):
    """A folder with three recordings of somebody, and a text that is none."""
    folder = tmp_path / "people" / "anna"
    folder.mkdir(parents=True)
    for name in ("yes.wav", "no.WAV", "laugh.wav"):
        write_wav(folder / name, white(1000, -20), 16_000)
    (folder / "licence.txt").write_text("hers")
    return folder


def visitors(folder, count, seed=0):
    """Return who comes into a room in which so many say something out of Anna's folder."""
    path = folder.parents[1] / "scene.toml"
    path.write_text(f"seconds = 9\n[room]\nseed = {seed}\n" + '[[visitor]]\nat = 1\nfolder = "people/anna"\n' * count)
    return scene.load(path).visitors


def test_a_person_says_what_is_in_the_folder_each_of_it_before_anything_again(anna):
    said = [Path(visitor.wav) for visitor in visitors(anna, 6)]
    assert sorted(said[:3]) == sorted(said[3:]) == [anna / "laugh.wav", anna / "no.WAV", anna / "yes.wav"]


def test_the_seed_chooses_their_order(anna):
    orders = {tuple(visitor.wav for visitor in visitors(anna, 3, seed)) for seed in range(8)}
    assert len(orders) > 1
    assert visitors(anna, 3, seed=5) == visitors(anna, 3, seed=5)


def test_they_are_called_by_who_says_what(anna):
    assert {visitor.name for visitor in visitors(anna, 3)} == {"anna: laugh", "anna: no", "anna: yes"}


def test_a_recording_that_cannot_be_used_is_named(anna, refused):
    (anna / "broken.wav").write_bytes(b"OggS")
    assert "broken.wav" in refused(VISITOR + 'at = 1\nfolder = "people/anna"')


def test_a_wav_file_that_cannot_be_used_is_named(refused, tmp_path):
    write_wav(tmp_path / "high.wav", white(1000, -20), 96_000)
    write_wav(tmp_path / "wide.wav", white(1000, -20), 48_000, width=4)
    write_wav(tmp_path / "quad.wav", np.zeros((1000, 4), np.int16), 48_000)
    write_wav(tmp_path / "mute.wav", np.zeros(1000, np.int16), 48_000)
    (tmp_path / "not.wav").write_bytes(b"OggS and so on")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "dir.wav").mkdir()
    wanted = {
        "high": ["96000 Hz", "8000 to 48000 Hz", "ffmpeg"],
        "wide": ["32-bit"],
        "quad": ["4 channels", "mono or stereo"],
        "mute": ["no sound in it"],
        "not": ["not a WAV file"],
        "empty": ["not a WAV file"],
        "dir": ["cannot be read"],
    }
    for name, said in wanted.items():
        message = refused(VISITOR + f'at = 1\nwav = "{name}.wav"')
        assert f"{name}.wav" in message
        for words in said:
            assert words in message


def test_a_missing_espeak_says_how_to_get_it(refused, monkeypatch):
    monkeypatch.setattr(clips.shutil, "which", lambda program: None)
    clips.speak.cache_clear()
    assert "apt install espeak-ng" in refused(VISITOR + 'at = 1\ntext = "good evening"')


def test_an_unknown_scene_lists_the_bundled_ones():
    with pytest.raises(SceneError, match=r"dema: there is no such scene file.* demo"):
        scene.load("dema")


def test_every_bundled_scene_loads():
    assert "demo" in scene.names()
    for name in scene.names():
        assert scene.load(name).name == name


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "rooms").glob("*.toml")), ids=lambda path: path.stem
)
def test_every_scene_of_the_tests_loads(path):
    loaded = scene.load(path)
    assert loaded.name == path.stem
    assert all(v.voice.startswith("en-us") for v in loaded.visitors)  # the assistant's is en-gb


def test_the_demo_is_the_conversation_that_it_promises():
    demo = scene.load("demo")
    assert scene.wake_phrase(demo.visitors[0].name)
    assert demo.visitors[0].wake_end
    assert "speaking" in {v.after for v in demo.visitors}  # somebody interrupts
    assert any("timer" in v.name for v in demo.visitors)
    assert 30 <= demo.seconds <= 75


def test_every_key_is_read(tmp_path):
    write_wav(tmp_path / "a.wav", white(1000, -20), 8000)
    file = tmp_path / "full.toml"
    file.write_text(
        """
        seconds = 40
        name = "a kitchen"
        [room]
        rate = 16000
        rt60 = 0.5
        delay_ms = 50
        latency_ms = 10
        echo_db = -inf
        loudspeaker_db = -20
        clip = inf
        noise_db = -50
        noise = "a.wav"
        visitor_reverb_db = -3
        drift_ppm = -40
        seed = 7
        [[visitor]]
        at = 1
        wav = "a.wav"
        [[visitor]]
        after = "speaking"
        plus = 1.5
        nth = 2
        text = "no"
        voice = "en-gb+f2"
        words_per_minute = 130
        level_db = -30
        label = "interrupts"
        wake_end = 0.5
        [[card]]
        at = 5
        action = "unplug"
        """
    )
    loaded = scene.load(file)
    assert (loaded.name, loaded.seconds, loaded.speech_db) == ("a kitchen", 40, -28)
    assert loaded.room == Acoustics(
        rate=16_000, rt60=0.5, delay_ms=50, latency_ms=10, echo_db=-math.inf, loudspeaker_db=-20, clip=math.inf,
        noise_db=-50, noise=str(tmp_path / "a.wav"), visitor_reverb_db=-3, drift_ppm=-40, seed=7,
    )  # fmt: skip
    assert loaded.visitors == (
        Visitor(at=1, wav=str(tmp_path / "a.wav"), label="a"),
        Visitor(
            after="speaking", plus=1.5, nth=2, text="no", voice="en-gb+f2", words_per_minute=130, level_db=-30,
            label="interrupts", wake_end=0.5,
        ),
    )  # fmt: skip
    assert [(e.at, e.action) for e in loaded.card] == [(5, "unplug")]


def test_a_scene_file_beats_a_bundled_name_when_it_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.toml").write_text("seconds = 3")
    assert scene.load("demo.toml").seconds == 3
    assert scene.load("demo").seconds > 3


def test_an_empty_room_has_a_usual_speech_level():
    assert Scene(seconds=1).speech_db == scene.USUAL_SPEECH_DBFS


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("hey jarvis, what time is it", "hey jarvis,"),
        ("Hey, Jarvis! Stop", "Hey, Jarvis,"),
        ("alexa stop", "alexa,"),
        ("hey mycroft", "hey mycroft,"),
        ("hey jarvison", None),
        ("tell alexa to stop", None),
        ("", None),
    ],
)
def test_wake_phrase(text, phrase):
    assert scene.wake_phrase(text) == phrase


def test_faults_and_moves_are_read(tmp_path):
    path = tmp_path / "bad_card.toml"
    path.write_text("""
        seconds = 60
        room = { delay_ms = 300, second_delay_ms = 120, second_echo_db = -9, latency_told = false, losses_told = false }
        [[fault]]
        at = 4
        every = 10
        until = 50
        spread = 0.5
        kind = "stall"
        ms = [120, 250]
        [[fault]]
        at = 20
        kind = "jump"
        ms = -90
        [[fault]]
        at = 22
        kind = "sleep"
        ms = 300
        [[move]]
        at = 30
        delay_ms = 400
        [[clock]]
        at = 40
        drift_ppm = 80
    """)
    loaded = scene.load(path)
    stall, jump, sleep = loaded.faults
    assert (stall.range_ms, stall.every, stall.until, stall.spread) == ((120, 250), 10, 50, 0.5)
    assert (jump.kind, jump.range_ms, jump.every) == ("jump", (-90, -90), None)
    assert (sleep.kind, sleep.range_ms) == ("sleep", (300, 300))
    assert loaded.moves[0].delay_ms == 400
    assert loaded.clocks[0].drift_ppm == 80
    assert not loaded.room.latency_told
    assert not loaded.room.losses_told
