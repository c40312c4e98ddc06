"""The tape of a reply item, and where words begin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.speech import say

from device.audio.measure import dbfs
from device.audio.reply import KEPT_S, ReplyItem, word_start

RATE = 16_000


def noise(ms: float, dbfs: float, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal(round(ms * RATE / 1000)) * 32768 * 10 ** (dbfs / 20)
    return np.clip(made.round(), -32768, 32767).astype(np.int16)


def begins(*parts: tuple[float, float]) -> float:
    """Return where (ms) to begin again in a sound of parts of (ms, dBFS)."""
    sound = np.concatenate([noise(ms, level, seed) for seed, (ms, level) in enumerate(parts)])
    return word_start(sound, RATE) * 1000 / RATE


@pytest.mark.parametrize(
    ("parts", "first", "last"),
    [
        ([(200, -20), (60, -55), (200, -20)], 200, 230),
        ([(100, -20), (40, -50), (100, -20), (40, -50), (150, -20)], 240, 250),  # the last of two alike
        ([(100, -20), (40, -58), (100, -20), (40, -40), (150, -20)], 100, 110),  # but a pause rather than a dip
        ([(100, -20), (40, -90), (100, -20), (40, -65), (150, -20)], 240, 250),  # silence is silence
        ([(300, -20), (60, -55)], 300, 330),  # broken off in a pause: nothing to repeat
        ([(40, -70), (300, -20)], 0, 10),
        ([(300, -70)], 270, 300),
        ([(20, -20)], 20, 20),  # too short to have a beginning
        ([], 0, 0),
    ],
)
def test_a_word_begins_after_the_last_quiet_place(parts, first, last):
    parts = parts or [(0, -20)]
    assert first <= begins(*parts) <= last


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 3000), text=st.sampled_from(["en-gb", "en-us+Annie", "en-us", "en-gb-scotland"]))
def test_in_speech_it_is_quiet_where_a_word_begins(start, text):
    speech = say("Tomorrow there will be some clouds in the evening, and it is going to rain.", text, 165, -20.0)
    sound = speech[start * 16 : start * 16 + 8000]
    at = word_start(sound, RATE)
    assert 0 <= at <= len(sound)
    if at + 480 <= len(sound):
        assert dbfs(sound[at : at + 480]) <= max(-59.0, dbfs(sound))


TAPE = np.arange(1, 32_001, dtype=np.int16)


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.integers(1, 9000), min_size=1, max_size=40),
    moves=st.lists(st.tuples(st.integers(1, 4000), st.integers(0, KEPT_S * RATE)), max_size=30),
)
def test_it_plays_on_from_where_it_was_rewound_to(pieces, moves):
    item = ReplyItem("a", RATE, RATE)
    bounds = np.cumsum(pieces)
    for piece in np.split(TAPE, bounds[bounds < len(TAPE)]):
        item.add(piece)
    reached = 0
    for frames, back in moves:
        out = np.zeros(frames, np.int16)
        filled, start = 0, item.at
        while filled < frames and item.ready:
            filled += item.take(out[filled:])
        assert (out[:filled] == TAPE[start : start + filled]).all()
        reached = max(reached, item.at)
        assert item.heard().ms == reached * 1000 // RATE
        behind = min(back, item.at)
        assert (item.before(item.at, behind) == TAPE[item.at - behind : item.at]).all()
        to = max(0, item.at - back, reached - KEPT_S * RATE)
        assert (item.before(to, 100) == TAPE[:to][-100:]).all() or len(item.before(to, 100)) < 100
        item.rewind(to)
        assert item.at == item.rewound == to


def test_only_so_much_of_it_is_kept():
    item = ReplyItem("a", RATE, RATE)
    out = np.zeros(RATE // 10, np.int16)
    for _ in range(100):
        item.add(TAPE[: RATE // 10])
        item.take(out)
    assert len(item.before(item.at, 10 * RATE)) < (KEPT_S + 0.2) * RATE
    item.rewind(0)
    assert item.at == pytest.approx(9 * RATE, abs=RATE // 10)
