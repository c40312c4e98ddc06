"""Music of another program in a simulated room."""

import numpy as np
import pytest
from support.music import record

from device.audio.music.programs import LOWERED_DB
from device.audio.playout import Playout
from device.simulation.room import Room
from device.simulation.scene import Acoustics, Scene, SceneError, load

RATE = 16_000


def rms_db(track):
    return 20 * np.log10(np.sqrt(np.mean((track / 32768.0) ** 2)))


def passed(room, blocks):
    """Let blocks pass; return what was heard and what the device knows of what was played."""
    at = room.mic.position
    room.step(blocks)
    heard, known = np.zeros((2, blocks * room.block), np.int16)
    room.mic.copy(at, heard)
    room.reference.copy(at, known)
    return heard, known


def opened(tmp_path, **keys):
    acoustics = Acoustics(rate=RATE, rt60=0, clip=np.inf, music=str(record(tmp_path)), noise_db=-90, **keys)
    room = Room(Scene(seconds=20, room=acoustics), pace="step")
    room.open(Playout(RATE))
    return room


@pytest.mark.parametrize("music_db", [0.0, -6.0])
def test_it_is_as_loud_as_the_scene_says_and_falls_when_somebody_talks(tmp_path, music_db):
    room = opened(tmp_path, music_db=music_db)
    heard, known = passed(room, 450)
    assert rms_db(heard) == pytest.approx(-26 + music_db, abs=1.5)
    assert rms_db(known) == pytest.approx(-24 + music_db, abs=1.5)
    room.music.tell(True)
    passed(room, 20)
    assert rms_db(passed(room, 450)[0]) == pytest.approx(-26 + music_db + LOWERED_DB, abs=2)
    room.music.tell(False)
    passed(room, 20)
    assert rms_db(passed(room, 450)[1]) == pytest.approx(-24 + music_db, abs=2)


def test_without_a_monitor_the_device_knows_nothing_of_it(tmp_path):
    heard, known = passed(opened(tmp_path, music_known=False), 100)
    assert heard.any()
    assert not known.any()


def test_a_scene_names_it_relative_to_itself_and_it_must_be_there(tmp_path):
    file = record(tmp_path)
    scene = tmp_path / "scene.toml"
    scene.write_text(f'seconds = 3\n[room]\nmusic = "{file.name}"\n')
    assert load(scene).room.music == str(file)
    scene.write_text('seconds = 3\n[room]\nmusic = "none.wav"\n')
    with pytest.raises(SceneError, match="there is no such WAV file"):
        load(scene)
    with pytest.raises(SceneError, match="there is no such WAV file"):
        Room(Scene(seconds=3, room=Acoustics(music="none.wav")))
