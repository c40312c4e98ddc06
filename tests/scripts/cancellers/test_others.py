"""A canceller is run frame by frame, and what cannot be had is left out."""

import numpy as np

from scripts.cancellers import others

NOISE = (np.random.default_rng(0).standard_normal(16_000 * 6) * 3000).astype(np.int16)


def test_what_comes_late_is_late_in_what_is_left():
    waiting = []

    def late(heard, played):
        waiting.append(heard - played)
        return waiting[-3].tobytes() if len(waiting) > 2 else b""

    left = others.run(late, NOISE, np.ones_like(NOISE))
    assert len(left) == len(NOISE)
    assert not left[:320].any()
    np.testing.assert_array_equal(left[320:], NOISE[:-320] - 1)


def test_speex_cancels_an_echo():
    heard = np.concatenate((np.zeros(800, np.int16), NOISE[:-800] // 2))
    left = others.run(others.speexdsp(300), heard, NOISE)
    end = slice(4 * 16_000, None)
    assert np.std(left[end]) < np.std(heard[end]) / 10


def test_recordings_are_taken_and_given_by_their_numbers(tmp_path, monkeypatch):
    monkeypatch.setitem(others.CANCELLERS, "half", lambda: lambda heard, _played: (heard // 2).tobytes())
    given, got = tmp_path / "in.npz", tmp_path / "out.npz"
    np.savez(given, heard0=NOISE[:1600], played0=NOISE[:1600], heard1=NOISE[:320], played1=NOISE[:320])
    assert others.main("half", str(given), str(got)) == 0
    out = np.load(got)
    np.testing.assert_array_equal(out["left0"], NOISE[:1600] // 2)
    assert len(out["left1"]) == 320
    assert 0 <= float(out["cpu"]) < 10


def test_what_cannot_be_had_says_so(tmp_path, monkeypatch, capsys):
    def lacking():
        raise ImportError("there is none")

    monkeypatch.setitem(others.CANCELLERS, "none", lacking)
    np.savez(tmp_path / "in.npz", heard0=NOISE[:160], played0=NOISE[:160])
    assert others.main("none", str(tmp_path / "in.npz"), str(tmp_path / "out.npz")) == others.LACKING
    assert "there is none" in capsys.readouterr().err
