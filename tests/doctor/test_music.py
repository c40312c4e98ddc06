"""What the doctor says of music of other programs."""

import numpy as np
from support.pulse import RATE

from device.audio.music.programs import streams
from device.doctor.music import check_music
from device.settings.tree import CardSettings, ListenSettings, Settings


def found(listen=None, **card):
    settings = Settings(card=CardSettings(music="lower", **card), listen=listen or ListenSettings())
    return [(one.status, one.message, one.fix) for one in check_music(settings)]


def test_where_music_is_left_alone_there_is_nothing_to_say():
    assert not list(check_music(Settings()))


def test_where_all_is_there(pulse):
    pulse.offer_monitor()
    with pulse.playing(np.zeros(20 * RATE, np.int16)):
        while not list(streams()):
            pass
        ((status, message, _),) = found()
    assert status == "ok"
    assert "1 play now" in message


def test_what_else_must_be_so(pulse):
    pulse.offer_monitor()
    _, (status, message, fix) = found(ListenSettings(echo_canceller="off"))
    assert (status, fix) == ("warn", 'set listen.echo_canceller = "device"')
    assert "since nothing is" in message
    _, (status, message, fix) = found(output="Loopback")
    assert status == "warn"
    assert "card.output" in fix


def test_a_server_without_a_monitor(pulse):
    _, (status, message, fix) = found()
    assert status == "warn"
    assert "not taken out" in message
    assert "libasound2-plugins" in fix


def test_no_server_and_no_pactl(tmp_path, monkeypatch):
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/none")
    ((status, message, fix),) = found()
    assert status == "warn"
    assert "does not answer" in message
    assert "sound server" in fix
    monkeypatch.setenv("PATH", str(tmp_path))
    ((status, message, fix),) = found()
    assert "pulseaudio-utils" in fix
