"""What the echo filter leaves over, with signals made for it."""

import numpy as np
import pytest

from device.audio.echo.filter import BINS, BLOCK
from device.audio.echo.residual import MOST_DB, Residual

SURE = np.zeros(BINS, np.float32)


def hiss(dbfs, blocks, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((blocks, BLOCK)) * 10 ** (dbfs / 20)).astype(np.float32)


def spoken(dbfs, blocks, seed=0):
    """Hiss with pauses, as speech has them: what never pauses is taken for the room's noise."""
    there = np.arange(blocks) % 60 < 40
    return (hiss(dbfs, blocks, seed) * there[:, None] + hiss(-70, blocks, seed + 100)).astype(np.float32)


def taught(left_db, *, seconds=12.0):
    """One who has heard what is left over of an echo of -20 dBFS, `left_db` below it, in a room of -70 dBFS."""
    residual = Residual()
    for quiet in hiss(-70, 50, seed=9):
        residual.step(quiet, 0 * quiet, SURE, lost=False)
    blocks = round(100 * seconds)
    for echo, left in zip(spoken(-20, blocks), spoken(-20 - left_db, blocks, seed=1), strict=True):
        residual.step(left, echo, SURE, lost=False)
    return residual


def judged(residual, error, echo, doubt=SURE):
    excess = []
    for one, other in zip(error, echo, strict=True):
        residual.step(one, other, doubt, lost=False)
        excess.append(residual.excess)
    return np.array(excess)


@pytest.mark.parametrize("left_db", [20, 30])
def test_the_usual_residual_is_no_excess_and_what_is_louder_is(left_db):
    residual = taught(left_db)
    echo = hiss(-20, 40, seed=2)
    assert judged(residual, hiss(-20 - left_db, 40, seed=3), echo).mean() < 1
    assert judged(residual, hiss(-20 - left_db + 12, 5, seed=4), echo[:5])[1:].min() > 6


def test_a_residual_that_stays_is_learnt_and_a_short_one_is_not():
    residual = taught(30)
    echo, louder = spoken(-20, 2500, seed=2), spoken(-40, 2500, seed=3)
    first = judged(residual, louder[:100], echo[:100])
    assert first[65:95].mean() > 4
    assert judged(residual, louder, echo)[-100:].mean() < 1


def test_what_the_filter_is_unsure_of_is_no_excess():
    loud, echo = hiss(-35, 10, seed=5), hiss(-20, 10, seed=6)
    doubt = np.full(BINS, BLOCK * 10 ** (-35 / 10), np.float32)
    assert judged(taught(30), loud, echo, doubt).max() < 1
    assert judged(taught(30), loud, echo).min() > 6


def test_reverberation_is_expected_for_a_while():
    residual = taught(15)
    judged(residual, hiss(-35, 30, seed=6), hiss(-20, 30, seed=5))
    silence = np.zeros((40, BLOCK), np.float32)
    tail = hiss(-35, 40, seed=7) * 10 ** (-0.5 * np.arange(40)[:, None] / 20)
    assert judged(residual, tail, silence).max() < 1.5


def test_one_band_alone_is_no_voice():
    residual = taught(30)
    tone = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(20 * BLOCK) / 16_000)).astype(np.float32).reshape(20, BLOCK)
    assert judged(residual, tone, hiss(-20, 20))[2:].max() < MOST_DB / 3


def test_the_residual_is_suppressed_and_what_is_near_is_not():
    residual = taught(25)
    echo, left, near = hiss(-20, 40, seed=2), hiss(-45, 40, seed=3), hiss(-25, 40, seed=4)
    out = np.concatenate([residual.step(one, other, SURE, lost=False) for one, other in zip(left, echo, strict=True)])
    assert 10 * np.log10(np.mean(left**2) / np.mean(out[BLOCK:] ** 2)) > 6
    out = np.concatenate([residual.step(one, other, SURE, lost=False) for one, other in zip(near, echo, strict=True)])
    kept, wanted = out[20 * BLOCK :], near.ravel()[19 * BLOCK : -BLOCK]
    assert 10 * np.log10(np.mean(wanted**2) / np.mean((kept - wanted) ** 2)) > 15


def test_without_echo_it_is_a_delay_of_one_block():
    residual = Residual()
    blocks = hiss(-30, 20)
    residual.rest(np.zeros(BLOCK, np.float32))
    out = np.concatenate([residual.step(block, 0 * block, SURE, lost=False) for block in blocks])
    assert np.allclose(out[BLOCK:], blocks.ravel()[:-BLOCK], atol=1e-3)


def test_of_what_is_lost_nothing_is_learnt():
    residual = Residual()
    quiet = hiss(-60, 100)
    for block in quiet:
        residual.step(block, 0 * block, SURE, lost=False)
    before = residual.noise
    for block in quiet[:40]:
        residual.step(0 * block, 0 * block, SURE, lost=True)
    residual.step(quiet[0], 0 * quiet[0], SURE, lost=False)
    assert residual.noise == before
    residual.step(quiet[1], 0 * quiet[1], SURE, lost=False)
    assert residual.excess < 1


def test_what_goes_up_and_down_as_the_echo_does_is_alike_and_a_voice_is_not():
    residual = taught(30)
    echo = spoken(-20, 120, seed=2)
    judged(residual, 0.2 * np.roll(echo, 80), echo)
    assert residual.likeness > 0.9  # an echo 14 dB below its estimate, of other samples
    judged(residual, spoken(-30, 120, seed=8)[::-1], echo)
    assert residual.likeness < 0.5


def test_what_is_its_own_is_learnt_however_loud():
    excess = {}
    for own in (False, True):
        residual = taught(30)
        heard = []
        for echo, left in zip(hiss(-20, 100, seed=2), hiss(-32, 100, seed=3), strict=True):
            residual.step(left, echo, SURE, lost=False, own=own)
            heard.append(residual.excess)
        excess[own] = np.mean(heard[-20:])
    assert excess[True] < 1
    assert excess[False] > 3


def test_more_is_expected_of_an_echo_that_was_found_elsewhere():
    residual = taught(30)
    echo, left = hiss(-20, 5, seed=2), hiss(-36, 5, seed=3)
    assert judged(residual, left, echo)[-1] > 6
    residual.again(np.zeros(BLOCK, np.float32), moved=True)
    assert judged(residual, left, echo)[-1] < 2


def test_what_was_learnt_while_the_echo_was_not_found_is_forgotten_once_it_is():
    residual = taught(30)
    echo, left = hiss(-20, 100, seed=2), hiss(-28, 100, seed=3)
    for one, other in zip(echo, left, strict=True):
        residual.step(other, one, SURE, lost=False, own=True)
    assert judged(residual, left[:5], echo[:5])[-1] < 1
    residual.again(np.zeros(BLOCK, np.float32), moved=True)
    assert judged(residual, left[:5], echo[:5])[-1] > 3


def test_no_more_is_expected_where_the_echo_has_not_moved():
    residual = taught(30)
    echo, left = hiss(-20, 5, seed=2), hiss(-36, 5, seed=3)
    residual.again(np.zeros(BLOCK, np.float32), moved=False)
    assert judged(residual, left, echo)[-1] > 6
