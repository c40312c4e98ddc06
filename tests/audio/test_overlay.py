import numpy as np
import pytest

from device.audio.overlay import Earcon, Overlay

BLOCK = 160


def earcon(frames, level=500, *, repeats=False):
    return Earcon(np.full(frames, level, np.int16), repeats)


def run(overlay, wanted, blocks, under=0, gain=1.0):
    """Return what is heard over so many blocks of the level `under`."""
    track = []
    for _ in range(blocks):
        out = np.full(BLOCK, under, np.int16)
        if overlay.follow(wanted):
            overlay.mix(out, gain)
        track.append(out)
    return np.concatenate(track)


def test_without_an_earcon_there_is_nothing_to_be_heard():
    overlay = Overlay()
    assert not overlay.follow(None)
    out = np.full(BLOCK, 7, np.int16)
    overlay.mix(out, 1.0)
    assert (out == 7).all()


def test_an_earcon_is_played_once_from_its_beginning_to_its_end():
    overlay, sound = Overlay(), Earcon(np.arange(1, 401, dtype=np.int16), repeats=False)
    track = run(overlay, sound, 5)
    assert track.tolist() == [*range(1, 401), *[0] * 400]
    assert not overlay.follow(sound), "it is over, though still wanted"


def test_an_earcon_that_repeats_goes_on_until_none_is_wanted():
    overlay, sound = Overlay(), earcon(BLOCK, repeats=True)
    assert (run(overlay, sound, 20) == 500).all()
    assert not run(overlay, None, 2).any()


def test_another_earcon_takes_its_place_at_once():
    overlay = Overlay()
    run(overlay, earcon(10 * BLOCK), 1)
    assert run(overlay, earcon(BLOCK, 900), 2).tolist() == [900] * BLOCK + [0] * BLOCK


def test_the_same_sound_wanted_anew_is_played_anew():
    overlay, pcm = Overlay(), np.full(BLOCK, 500, np.int16)
    for _ in range(2):
        assert run(overlay, Earcon(pcm, repeats=False), 2).tolist() == [500] * BLOCK + [0] * BLOCK


@pytest.mark.parametrize(
    ("under", "level", "gain", "heard"),
    [(1000, 500, 1.0, 1500), (1000, 500, 0.5, 1250), (30_000, 8000, 1.0, 32_767), (-30_000, -8000, 1.0, -32_768)],
)
def test_it_adds_to_what_plays_and_the_sum_is_clipped(under, level, gain, heard):
    assert (run(Overlay(), earcon(BLOCK, level), 1, under, gain) == heard).all()


def test_blocks_may_change_their_length():
    overlay, sound = Overlay(), Earcon(np.arange(1, 1001, dtype=np.int16), repeats=False)
    track = []
    for n in (160, 1, 480, 64, 500):
        out = np.zeros(n, np.int16)
        assert overlay.follow(sound)
        overlay.mix(out, 1.0)
        track += out.tolist()
    assert track == [*range(1, 1001), *[0] * 205]
