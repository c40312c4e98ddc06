import threading
import time
from pathlib import Path

import numpy as np
import pytest
from support.rooms import Tape, changed, lag_of, play, room_of, white, write_wav

from device.audio.card.base import CardError
from device.audio.measure import dbfs
from device.simulation import recording
from device.simulation.recording import Recording, RecordingError
from device.simulation.room import Room
from device.simulation.scene import Acoustics, CardEvent, SceneError, Visitor

DRY = Acoustics(rt60=0, noise_db=-np.inf, clip=np.inf, visitor_reverb_db=-np.inf)


# The echo


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
@pytest.mark.parametrize(("delay_ms", "latency_ms"), [(40, 20), (10, 0), (95, 35), (0, 20)])
def test_the_echo_is_as_late_as_the_scene_says(tmp_path, rate, delay_ms, latency_ms):
    acoustics = changed(DRY, rate=rate, delay_ms=delay_ms, latency_ms=latency_ms)
    pcm = white(rate, -24)
    room, tracks = play(room_of(1.0, acoustics), tmp_path, pcm)
    assert lag_of(tracks.loudspeaker, pcm) == latency_ms * rate // 1000 == room.output_latency
    assert lag_of(tracks.microphone, tracks.loudspeaker) == delay_ms * rate // 1000


def test_the_direct_sound_comes_first_in_a_reverberant_room(tmp_path):
    _, tracks = play(room_of(1.0, changed(DRY, rt60=0.4)), tmp_path, white(48_000, -24))
    assert lag_of(tracks.microphone, tracks.loudspeaker) == 40 * 48


@pytest.mark.parametrize("clip", [np.inf, 0.25, 0.1])
@pytest.mark.parametrize("rt60", [0.0, 0.3])
@pytest.mark.parametrize("echo_db", [0.0, -10.0, 6.0])
def test_the_echo_is_as_loud_as_the_scene_says(tmp_path, clip, rt60, echo_db):
    visitors = tuple(Visitor(at=3.9, text="uh", level_db=level) for level in (-32, -30, -20))
    acoustics = changed(DRY, rate=16_000, clip=clip, rt60=rt60, echo_db=echo_db, loudspeaker_db=-22)
    rng = np.random.default_rng(3)
    loud = rng.laplace(scale=10 ** (-22 / 20) / np.sqrt(2), size=64_000) * 32768  # distributed as speech is
    pcm = np.clip(loud.round(), -32768, 32767).astype(np.int16)
    _, tracks = play(room_of(4.0, acoustics, visitors=visitors), tmp_path, pcm)
    middle = slice(16_000, 60_000)
    assert dbfs(tracks.loudspeaker[middle]) == pytest.approx(-22, abs=0.15)
    assert dbfs(tracks.microphone[middle]) == pytest.approx(-30 + echo_db, abs=0.6)


def test_headphones_make_no_echo(tmp_path):
    _, tracks = play(room_of(), tmp_path, white(48_000, -10))
    assert tracks.loudspeaker.any()
    assert not tracks.microphone.any()


def test_the_loudspeaker_distorts_what_is_loud(tmp_path):
    tone = (np.sin(2 * np.pi * 500 * np.arange(48_000) / 48_000) * 16_000).astype(np.int16)
    harmonics = {}
    for clip in (np.inf, 0.25):
        _, tracks = play(room_of(1.0, changed(DRY, clip=clip)), tmp_path, tone)
        spectrum = np.abs(np.fft.rfft(tracks.microphone[24_000:].astype(float) * np.hanning(24_000)))
        harmonics[clip] = spectrum[750] / spectrum[250]  # 1500 Hz, 500 Hz
    assert harmonics[np.inf] < 1e-3
    assert harmonics[0.25] > 0.05


@pytest.mark.parametrize("rt60", [0.2, 0.6])
def test_the_reverberation_falls_by_60_db_in_rt60(tmp_path, rt60):
    click = np.zeros(4800, np.int16)
    click[0] = 32000
    acoustics = changed(DRY, rt60=rt60, rate=16_000, echo_db=26, loudspeaker_db=-24)
    _, tracks = play(room_of(1.0, acoustics), tmp_path, click)
    response = tracks.microphone[(40 + 20) * 16 :].astype(float)
    # Schroeder's backward integration; the slope between -12 and -32 dB, past the direct sound.
    decay = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / np.sum(response**2) + 1e-12)
    t12, t32 = (np.argmax(decay < level) / 16_000 for level in (-12, -32))
    assert 3 * (t32 - t12) == pytest.approx(rt60, rel=0.12)


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_the_echo_drifts_when_the_clocks_differ(tmp_path, ppm):
    rate, seconds = 16_000, 20
    # Below 4 kHz, as most of speech is.
    low = np.convolve(white(rate * seconds, -24) / 1.0, np.sinc(np.arange(-40, 41) / 2) * np.hanning(81), "same")
    low *= 10 ** (-24 / 20) * 32768 / low.std()
    scene = room_of(seconds, changed(DRY, rate=rate, drift_ppm=ppm))
    _, tracks = play(scene, tmp_path, low.astype(np.int16))
    # By cross-correlation at eight times the rate, to see parts of a frame.
    lags = []
    for at in (2, 18):
        pieces = [t[at * rate : (at + 1) * rate].astype(float) for t in (tracks.microphone, tracks.loudspeaker)]
        spectra = [np.fft.rfft(p, 2 * rate) for p in pieces]
        fine = np.fft.irfft(spectra[0] * np.conj(spectra[1]), 16 * rate)
        lags.append(np.argmax(fine[: 8 * rate]) / 8)
    assert lags[1] - lags[0] == pytest.approx(ppm * 1e-6 * 16 * rate, abs=1.5)  # 51 frames
    assert dbfs(tracks.microphone[rate:]) == pytest.approx(-26, abs=0.2)  # resampling costs little


def test_a_drift_is_undone_once_it_has_come_to_20_ms(tmp_path):
    rate = 16_000
    _, tracks = play(room_of(30, changed(DRY, rate=rate, drift_ppm=1000)), tmp_path, white(rate * 30, -24))
    lags = []
    for at in (19.5, 20.5):
        piece = slice(int(at * rate), int(at * rate) + rate // 4)
        lags.append(lag_of(tracks.microphone[piece], tracks.loudspeaker[piece]))
    assert lags[0] - lags[1] == pytest.approx(0.019 * rate, abs=8)
    assert lags[1] == pytest.approx(0.0405 * rate, abs=8)


# Noise


@pytest.mark.parametrize(("noise", "slope"), [("white", 0), ("pink", -3), ("brown", -6)])
def test_the_noise_has_its_level_and_colour(tmp_path, noise, slope):
    acoustics = Acoustics(noise=noise, noise_db=-40)
    _, tracks = play(room_of(6.0, acoustics), tmp_path)
    assert dbfs(tracks.microphone) == pytest.approx(-40, abs=0.5)
    power = np.abs(np.fft.rfft(tracks.microphone.astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(tracks.microphone), 1 / 48_000)
    low, high = (power[(hertz > f) & (hertz < 1.5 * f)].mean() for f in (200, 3200))
    assert 10 * np.log10(high / low) / 4 == pytest.approx(slope, abs=0.4)  # four octaves
    assert not tracks.visitors.any()


def test_a_wav_file_is_looped_as_noise(tmp_path):
    file = write_wav(tmp_path / "fan.wav", white(8000, -20), 16_000)
    _, tracks = play(room_of(2.0, Acoustics(rate=16_000, noise=str(file), noise_db=-45)), tmp_path)
    assert dbfs(tracks.microphone) == pytest.approx(-45, abs=0.1)
    np.testing.assert_array_equal(tracks.microphone[:8000], tracks.microphone[8000:16_000])


# The same every time


def test_the_same_scene_is_the_same_recording(tmp_path):
    scene = room_of(2.0, Acoustics(drift_ppm=50), visitors=(Visitor(at=0.2, text="hey jarvis"),))
    pcm = white(48_000, -20)
    first, again = (play(scene, tmp_path, pcm)[1] for _ in range(2))
    other = play(room_of(2.0, Acoustics(drift_ppm=50, seed=1), visitors=scene.visitors), tmp_path, pcm)[1]
    np.testing.assert_array_equal(first.microphone, again.microphone)
    assert not np.array_equal(first.microphone, other.microphone)
    np.testing.assert_array_equal(first.visitors, other.visitors)


def test_the_recording_is_what_the_device_got_and_gave(tmp_path):
    scene = room_of(1.0, Acoustics(), visitors=(Visitor(at=0.2, text="hello"),))
    pcm = white(48_000, -20)
    room, tracks = play(scene, tmp_path, pcm)
    assert tracks.seconds == 1.0
    heard, reference = np.zeros(48_000, np.int16), np.zeros(48_000, np.int16)
    assert room.mic.copy(0, heard) == room.reference.copy(0, reference) == 0
    np.testing.assert_array_equal(tracks.microphone, heard)
    np.testing.assert_array_equal(reference, pcm)
    np.testing.assert_array_equal(tracks.loudspeaker[960:], pcm[:-960])


def test_the_rate_can_be_replaced(tmp_path):
    room, tracks = play(room_of(1.0, visitors=(Visitor(at=0.2, text="hello"),)), tmp_path, rate=16_000)
    assert (room.rate, tracks.rate, len(tracks.visitors)) == (16_000, 16_000, 16_000)
    assert room.visits[0].start == 3200


# Unplugging


def test_an_unplugged_card_is_silent_and_its_clock_goes_on(tmp_path):
    events = (CardEvent(at=0.5, action="unplug"), CardEvent(at=1.0, action="plug"))
    scene = room_of(2.0, Acoustics(noise_db=-30, latency_ms=20), card=events)
    seen = []
    with Recording(tmp_path / "conversation.wav", 48_000) as made:
        room = Room(scene, pace="step", recording=made)
        room.open(Tape(white(96_000, -20)), lambda present: seen.append((present, room.now)))
        while room.step():
            pass
    assert seen == [(False, 8000), (True, 16_000)]
    assert room.frame == 96_000
    tracks = recording.load(made.path)
    for track, first, last in ((tracks.microphone, 24_000, 48_000), (tracks.loudspeaker, 24_960, 48_960)):
        assert not track[first:last].any()
        assert dbfs(track[first - 4800 : first]) > -40
        assert dbfs(track[last : last + 4800]) > -40


# Pace


def test_step_ends_with_the_scene():
    room = Room(room_of(0.05), pace="step")
    room.open(Tape())
    assert [room.step(2), room.step(2), room.over, room.step(2), room.step()] == [True, True, False, False, False]
    assert room.frame == 5 * 480
    assert room.finished.is_set()
    assert len(room.callback_ns) == 5
    assert (room.callback_ns > 0).all()


@pytest.mark.realtime
def test_a_real_room_takes_its_time_and_ends():
    scene = room_of(0.5, Acoustics(), card=(CardEvent(at=0.1, action="unplug"), CardEvent(at=0.2, action="plug")))
    room = Room(scene)
    seen, callers = [], set()
    both = threading.Event()

    def presence(present):
        seen.append(present)
        callers.add(threading.current_thread().name)
        if len(seen) == 2:
            both.set()

    began = time.monotonic()
    room.open(Tape(), presence)
    assert room.finished.wait(30)
    assert time.monotonic() - began >= 0.49
    room.close()
    assert room.frame == 24_000
    assert len(room.callback_ns) == 50
    assert both.wait(10)
    assert sorted(seen) == [False, True]
    assert "room" not in callers  # on_presence may block, the callback may not


@pytest.mark.realtime
def test_a_late_block_is_made_up_for_and_counted_once():
    class Slow(Tape):
        def render(self, out, position):
            super().render(out, position)
            if position == 4800:
                time.sleep(0.2)

    room = Room(room_of(0.6))
    began = time.monotonic()
    room.open(Slow())
    assert room.finished.wait(30)
    taken = time.monotonic() - began
    room.close()
    assert room.frame == 28_800
    assert room.xruns.underruns >= 1
    assert room.callback_ns.max() >= 0.2e9
    assert 0 < room.cpu_s < 5
    assert taken < 5


def test_what_the_device_computes_is_not_counted_as_the_rooms_own():
    class Busy(Tape):
        def render(self, out, position):
            until = time.thread_time() + 0.01
            while time.thread_time() < until:
                pass

    room = Room(room_of(0.5))
    room.open(Busy())
    assert room.finished.wait(60)
    room.close()
    assert 0 < room.cpu_s < 0.25  # 50 blocks kept the device busy for 0.5 s


def test_a_room_can_be_closed_early_and_opened_again():
    room = Room(room_of(60.0))
    room.open(Tape())
    with pytest.raises(CardError, match="open already"):
        room.open(Tape())
    assert room.mic.cursor(0).read(480, timeout=20) is not None
    room.close()
    room.close()
    assert room.finished.is_set()
    stopped = room.frame
    assert 0 < stopped < 60 * 48_000
    room.open(Tape())
    assert room.mic.cursor(stopped).read(480, timeout=20) is not None
    room.close()


def test_a_device_that_fails_ends_the_room(caplog):
    class Broken:
        def render(self, out, position):
            raise RuntimeError("no sound today")

    room = Room(room_of())
    room.open(Broken())
    assert room.finished.wait(20)
    room.close()
    assert "no sound today" in caplog.text


# What cannot be


def test_a_sound_that_vanished_is_named(tmp_path):
    with pytest.raises(SceneError, match=r"gone\.wav"):
        Room(room_of(visitors=(Visitor(at=1.0, wav=str(tmp_path / "gone.wav")),)), pace="step")
    with pytest.raises(SceneError, match=r"hum\.wav"):
        Room(room_of(acoustics=Acoustics(noise=str(tmp_path / "hum.wav"))), pace="step")


def test_a_scene_that_is_too_long_for_a_recording_says_so(tmp_path):
    with Recording(tmp_path / "long.wav", 48_000) as made, pytest.raises(SceneError, match="cannot be longer than 149"):
        Room(room_of(86_400), pace="step", recording=made)


def test_a_full_disk_does_not_stop_the_room(tmp_path, caplog):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")

    class Full(Recording):
        def write(self, block):
            full.write_bytes(block.tobytes())

    with Full(tmp_path / "conversation.wav", 48_000) as made:
        room = Room(room_of(0.1), pace="step", recording=made)
        room.open(Tape())
        while room.step():
            pass
    assert room.frame == 4800
    assert caplog.text.count("cannot be written any more (No space left on device)") == 1


def test_a_recording_in_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RecordingError, match=r"nowhere/conversation\.wav: cannot be written"):
        Recording(tmp_path / "nowhere" / "conversation.wav", 48_000)
