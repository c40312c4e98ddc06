"""The arithmetic of the bench of the canceller, and the rooms that it builds."""

import numpy as np
import pytest

from device.audio.measure import dbfs, speech_level
from device.bench.echo import judge as echo
from device.bench.echo.cards import Taped
from device.bench.echo.rooms import CHANGE_S, VISITOR_S, Place, build, talk

RATE = 16_000


def tone(seconds, hertz=440.0, amplitude=0.1):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def scene(**place):
    return build(Place(**place), [tone(2.0), tone(1.0, 300)], [tone(1.5, 700)])


def test_a_room_holds_what_was_asked_for():
    found = scene(echo_db=6.0, rt60=0.3)
    assert len(found.played) == len(found.heard) == len(found.echo) == 32 * RATE
    assert speech_level(found.played, RATE) == pytest.approx(-24, abs=0.5)
    assert speech_level((found.echo[: 12 * RATE] * 32768).astype(np.int16), RATE) == pytest.approx(-20, abs=2)
    first, last = found.sentences[0], found.sentences[-1]
    assert first[0] == VISITOR_S[0] * RATE
    assert last[0] <= VISITOR_S[1] * RATE
    assert not found.visitor[: first[0]].any()
    assert dbfs((found.heard / 32768 - found.echo - found.visitor) * 32768) == pytest.approx(-70, abs=1)


def test_the_room_changes_or_slips_at_its_time():
    same, other = scene(), scene(slip_ms=20)
    change = round(CHANGE_S * RATE)
    assert np.array_equal(same.echo[:change], other.echo[:change])
    assert not np.allclose(same.echo[change:], other.echo[change:], atol=1e-3)
    # The seed makes the same room first, whatever the delay: after a slip it is that of the shorter one.
    late = build(Place(slip_ms=20), [tone(40.0)], [tone(1.5, 700)])
    at = np.arange(change + RATE, change + 2 * RATE)
    early = build(Place(delay_ms=20, slip_ms=10), [tone(40.0)], [tone(1.5, 700)])
    period = round(RATE / 440 * 11)  # 400 samples are 11 periods: the tone repeats itself
    assert np.allclose(late.echo[at], early.echo[at - change // period * period], atol=2e-3)


def test_speech_goes_round_with_pauses():
    spoken = talk([tone(1.0), tone(0.5)], 1, 3 * RATE, -24.0)
    assert len(spoken) == 3 * RATE
    assert spoken[: RATE // 2].any()
    assert not spoken[RATE // 2 + 10 : RATE // 2 + 4000].any()


def test_what_is_left_is_judged():
    found = scene()
    perfect = echo.judge(found, (found.visitor * 32768).astype(np.int16))
    assert perfect.erle > 60
    assert perfect.sdr > 40
    assert perfect.convergence == pytest.approx(echo.WINDOW_S, abs=0.2)
    nothing = echo.judge(found, found.heard)
    assert nothing.erle == 0
    assert nothing.convergence == nothing.reconvergence == float("inf")
    tenth = echo.judge(found, (0.1 * found.heard).astype(np.int16))
    assert tenth.erle == pytest.approx(20, abs=0.1)


def test_convergence_is_when_it_stays_good():
    levels = [(0.05 * n, 20.0 if n in (3, 4) or n >= 40 else 5.0) for n in range(100)]
    assert echo.converged(levels, 0.0) == pytest.approx(0.05 * 38 + echo.WINDOW_S)
    assert echo.converged(levels[:40], 0.0) == float("inf")
    assert echo.converged([], 0.0) == float("inf")


def test_three_blocks_among_four_are_near_end_activity():
    excess = np.array([0, 5, 5, 0, 5, 0, 0, 5, 0, 5], np.float32)
    assert list(np.flatnonzero(echo.near_end(excess))) == [4]


def test_the_canceller_is_run_frame_by_frame_and_its_outputs_lie_where_the_input_lay():
    found = scene(echo_db=-60.0)
    outputs = echo.cancel(found.played, found.heard)
    assert len(outputs.clean) == len(outputs.linear) == len(found.heard)
    assert len(outputs.excess) == len(found.heard) // 160
    part = slice(*found.sentences[0])
    heard = found.heard[part].astype(float)
    assert np.corrcoef(outputs.clean[part].astype(float), heard)[0, 1] > 0.99
    assert np.corrcoef(outputs.linear[part].astype(float), heard)[0, 1] > 0.99


def test_with_a_card_that_goes_wrong_it_is_judged_how_soon_the_echo_is_gone_again():
    n = 20 * RATE
    echo_of = np.random.default_rng(0).standard_normal(n).astype(np.float32) * 0.05
    missing = np.zeros(n // 160, np.bool_)
    missing[1000:1010] = True
    echo_of[160_000:161_600] = 0
    taped = Taped(np.zeros(n, np.int16), (echo_of * 32768).astype(np.int16), echo_of, missing, [10 * RATE, 15 * RATE])
    left = np.full(n, 0.01, np.float32)
    left[: 2 * RATE] = 1
    left[15 * RATE : round(15.8 * RATE)] = 1
    found = echo.judge_card(taped, (echo_of * left * 32768).astype(np.int16))
    assert found.convergence == pytest.approx(2.0 + echo.WINDOW_S, abs=0.15)
    assert found.again[0] == pytest.approx(0.1 + echo.WINDOW_S, abs=0.15)
    assert found.again[1] == pytest.approx(0.8 + echo.WINDOW_S, abs=0.15)
    # What is left for a second after something happened is none of it.
    assert found.erle == pytest.approx(40, abs=1)
    never = echo.judge_card(taped, taped.heard)
    assert never.erle == pytest.approx(0, abs=0.1)
    assert never.again == [float("inf")] * 2


def test_where_nothing_happens_nothing_is_found_again():
    taped = Taped(*np.zeros((2, 8 * RATE), np.int16), tone(8.0), np.zeros(800, np.bool_), [])
    found = echo.judge_card(taped, np.zeros(8 * RATE, np.int16))
    assert found.again == []
    assert found.convergence == pytest.approx(echo.WINDOW_S, abs=0.1)
