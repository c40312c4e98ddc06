"""Where the speech is, and how long speech is cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.speech import noise, say, silence

from device.listen import framing


def test_speech_is_found_in_silence_and_noise():
    spoken = say("What time is it?")
    audio = np.concatenate([silence(1), spoken, silence(1)]) / np.float32(32768)
    begin, end = framing.speech(audio)
    assert abs(begin - 16_000) < 1600
    assert abs(end - 16_000 - len(spoken)) < 3200
    assert framing.speech(noise(1, -75) / np.float32(32768)) is None
    assert framing.speech(silence(1) / np.float32(32768)) is None


def test_a_frame_has_silence_after_it():
    audio = np.ones(1000, np.float32)
    assert np.array_equal(framing.framed(audio, -100, 500), np.r_[np.ones(500), np.zeros(framing.PAD)])


@given(st.integers(0, 100), st.integers(0, 2**32 - 1))
def test_pieces_lose_nothing_and_are_cut_in_silence(seconds, seed):
    pcm = np.random.default_rng(seed).integers(-9000, 9000, seconds * 16_000 + 77).astype(np.int16)
    quiet = 25 * 16_000
    pcm[quiet : quiet + 3200] = 0
    pieces = list(framing.pieces(pcm))
    assert np.array_equal(np.concatenate(pieces), pcm)
    assert all(len(piece) <= 30 * 16_000 for piece in pieces)
    if len(pieces) > 1:
        assert quiet <= len(pieces[0]) <= quiet + 3200
