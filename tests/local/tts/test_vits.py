import numpy as np
import pytest
from support import tiny_voice

from device.local.tts.vits import BLOCKS, SEEN, Vits
from device.model_files.files import ModelError

SCALES = (0.0, 1.0, 0.0)


def said(model, ids, speaker=None):
    plan = model.plan(ids, SCALES, speaker)
    blocks = list(plan.blocks())
    return plan, blocks, np.concatenate(blocks)


@pytest.mark.parametrize("count", [1, 5, 30, 200])
@pytest.mark.parametrize(("speakers", "speaker"), [(1, None), (3, 2)])
def test_blocks_are_what_the_whole_would_be(tmp_path, count, speakers, speaker):
    ids = [n % 7 + 1 for n in range(count)]
    cut = Vits(tiny_voice.write(tmp_path / "a", speakers=speakers))
    plain = Vits(tiny_voice.write(tmp_path / "b", speakers=speakers, named=False))
    plan, blocks, speech = said(cut, ids, speaker)
    whole, one, all_at_once = said(plain, ids, speaker)
    assert len(one) == 1
    assert len(speech) == count * tiny_voice.FRAMES * tiny_voice.HOP
    np.testing.assert_allclose(speech, all_at_once, atol=1e-6)
    if count == 200:
        assert [len(block) // tiny_voice.HOP for block in blocks[:2]] == list(BLOCKS)
        assert all(len(block) <= (BLOCKS[-1] + SEEN) * tiny_voice.HOP for block in blocks)
    assert list(plan.lengths) == [tiny_voice.FRAMES] * count
    assert plan.hop * plan.lengths.sum() == len(speech)
    # Where it is not known how long a phoneme is, all are taken to be alike.
    assert whole.hop * whole.lengths.sum() == pytest.approx(len(speech))


def test_slowness_counts(tmp_path):
    model = Vits(tiny_voice.write(tmp_path))
    assert list(model.plan([1, 2], (0.0, 2.5, 0.0), None).lengths) == [5, 5]


def test_what_it_wants_to_know(tmp_path):
    assert "sid" in Vits(tiny_voice.write(tmp_path / "a", speakers=2)).inputs
    assert "sid" not in Vits(tiny_voice.write(tmp_path / "b")).inputs


@pytest.mark.parametrize("data", [b"", b"\x00" * 1000, b"not a model", tiny_voice.model()[:-300], b"\x3a\x00"])
def test_what_is_no_model_is_named(tmp_path, data):
    path = tmp_path / "voice.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"voice\.onnx"):
        Vits(path)
    with pytest.raises(ModelError, match="missing"):
        Vits(tmp_path / "none.onnx")
