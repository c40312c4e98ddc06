"""Speech in a stream that never stops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.engines.live.gate import CLOSE, FRAME_MS, HANGOVER_MS, LEAD, OPEN, OPENING, Gate, Piece

RATE = 24_000
FRAME = RATE * FRAME_MS // 1000
"""Samples."""
HANGOVER = HANGOVER_MS // FRAME_MS
"""Frames."""


def frames(count: int, level: float = 0.1) -> bytes:
    """Return so many frames of a square wave, of which the RMS is `level`, full scale being 1."""
    wave = np.where(np.arange(count * FRAME) % 2, 1, -1) * round(level * 32768)
    return wave.astype(np.int16).tobytes()


def silence(count: int) -> bytes:
    return frames(count, 0.0)


def kinds(pieces: list[Piece]) -> list[str]:
    return [piece.kind for piece in pieces]


@pytest.fixture
def gate() -> Gate:
    return Gate(RATE)


def test_speech_begins_with_the_second_loud_frame_and_the_soft_ones_before_it(gate: Gate) -> None:
    pieces = list(gate.push(silence(10) + frames(OPENING)))
    assert kinds(pieces) == ["began", "sound"]
    assert pieces[1].pcm == silence(LEAD - OPENING) + frames(OPENING)
    assert gate.speaking


def test_a_click_is_no_speech(gate: Gate) -> None:
    assert list(gate.push(silence(3) + frames(1) + silence(3) + frames(1))) == []
    assert not gate.speaking


@pytest.mark.parametrize(("level", "heard"), [(OPEN * 0.9, False), (OPEN * 1.1, True)])
def test_what_is_too_soft_does_not_begin(gate: Gate, level: float, heard: bool) -> None:
    assert bool(list(gate.push(frames(5, level)))) is heard


@pytest.mark.parametrize(("level", "kind"), [(CLOSE * 0.8, "pause"), (CLOSE * 1.3, "sound")])
def test_within_speech_less_is_loud_enough(gate: Gate, level: float, kind: str) -> None:
    assert CLOSE * 1.3 < OPEN
    list(gate.push(frames(5)))
    assert kinds(list(gate.push(frames(1, level)))) == [kind]


def test_after_a_pause_it_must_be_as_loud_as_at_first(gate: Gate) -> None:
    list(gate.push(frames(5)))
    assert kinds(list(gate.push(silence(1) + frames(1, CLOSE * 1.3)))) == ["pause", "pause"]


def test_a_short_pause_belongs_to_the_speech_and_a_long_one_ends_it(gate: Gate) -> None:
    list(gate.push(frames(5)))
    assert kinds(list(gate.push(silence(HANGOVER - 1) + frames(1)))) == ["pause"] * (HANGOVER - 1) + ["sound"]
    assert kinds(list(gate.push(silence(HANGOVER)))) == ["pause"] * (HANGOVER - 1) + ["ended"]
    assert not gate.speaking
    assert gate.quiet_ms == HANGOVER_MS


def test_what_was_said_before_is_no_part_of_what_is_said_next(gate: Gate) -> None:
    list(gate.push(frames(5) + silence(HANGOVER)))
    pieces = list(gate.push(frames(OPENING)))
    assert pieces == [Piece("began"), Piece("sound", frames(OPENING))]


def test_silence_that_nobody_sent_ends_speech_too(gate: Gate) -> None:
    assert not gate.lapse(HANGOVER_MS)
    list(gate.push(frames(5)))
    assert not gate.lapse(HANGOVER_MS - 1)
    assert gate.lapse(1)
    assert not gate.speaking


def test_after_a_reset_the_same_sound_begins_anew(gate: Gate) -> None:
    list(gate.push(frames(5)))
    gate.reset()
    assert kinds(list(gate.push(frames(OPENING)))) == ["began", "sound"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from([0.0, 0.001, 0.1])), max_size=8), st.integers(50, 999))
def test_it_does_not_matter_how_the_stream_is_cut(stretches: list[tuple[int, float]], step: int) -> None:
    stream = b"".join(frames(count, level) for count, level in stretches)
    whole = list(Gate(RATE).push(stream))
    gate = Gate(RATE)
    pieces = [piece for at in range(0, len(stream), 2 * step) for piece in gate.push(stream[at : at + 2 * step])]
    assert pieces == whole
    spoken = [kind for kind in kinds(pieces) if kind in {"began", "ended"}]
    assert spoken == (["began", "ended"] * len(spoken))[: len(spoken)]
