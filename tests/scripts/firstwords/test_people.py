"""Recordings become what the network is trained on."""

import wave

import numpy as np
import pytest

from device.bench.bargein.pitch import pitch
from scripts.firstwords.people import OTHERS, PITCHES, said


@pytest.fixture
def folder(tmp_path):
    index = []
    at = np.arange(8000) / 16_000
    tone = 5000 * sum(np.sin(2 * np.pi * 200 * n * at) / n for n in range(1, 15))
    for kind, text in [
        ("interruptions", "stop"), ("interruptions", "the second one"), ("backchannels", "yes sir"),
        ("foreign", "hola"), ("noises", ""), ("complete", "what is that"), ("replies", "It is late."),
    ]:  # fmt: skip
        file = tmp_path / kind / f"{len(index)}.wav"
        file.parent.mkdir(exist_ok=True)
        with wave.open(str(file), "wb") as out:
            out.setparams((1, 2, 16_000, 0, "NONE", ""))
            out.writeframes(tone.astype("<i2").tobytes())
        index.append(
            f'[[sound]]\nfile = "{kind}/{file.name}"\nkind = "{kind}"\nvoice = "ann"\ntext = "{text}"\n'
            'synthesizer = "human"\n'
        )
    (tmp_path / "index.toml").write_text("\n".join(index))
    return tmp_path


def test_each_recording_is_what_it_means_to_the_device(folder):
    kinds = {(one.text, one.kind) for one in said(folder)}
    assert kinds == {
        ("stop", "stop"), ("the second one", "speech"), ("yes sir", "backchannel"), ("hola", "speech"),
        ("", "nothing"), ("what is that", "speech"),
    }  # fmt: skip


def test_each_is_heard_at_several_pitches(folder):
    found = said(folder)
    nods = [one for one in found if one.text == "yes sir"]
    assert len(nods) == len(PITCHES["backchannels"])
    assert sum(one.text == "hola" for one in found) == len(OTHERS)
    for one, times in zip(nods, PITCHES["backchannels"], strict=True):
        assert pitch((one.pcm * 32768).astype(np.int16)) == pytest.approx(200 * times, rel=0.06)
        assert len(one.pcm) == pytest.approx(8000 / times, abs=2)
