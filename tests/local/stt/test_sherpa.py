import base64
import shutil
import sys
import types

import numpy as np
import pytest
from support.speech import say

from device.listen.moonshine import _read_tokens
from device.local.stt.sherpa import SherpaRecogniser, found
from device.model_files.files import ModelError
from device.settings.local import SherpaSettings


def folder(tmp_path, *names, called="model"):
    made = tmp_path / called
    made.mkdir()
    for name in names:
        (made / name).touch()
    return made


@pytest.mark.parametrize(
    ("called", "names", "kind", "arguments"),
    [
        (
            "sherpa-onnx-zipformer-en",
            ("encoder-epoch-9.onnx", "encoder-epoch-9.int8.onnx", "decoder-epoch-9.onnx", "joiner-epoch-9.onnx"),
            "transducer",
            {
                "encoder": "encoder-epoch-9.int8.onnx",
                "decoder": "decoder-epoch-9.onnx",
                "joiner": "joiner-epoch-9.onnx",
            },
        ),
        (
            "sherpa-onnx-whisper-tiny.en",
            ("tiny.en-encoder.onnx", "tiny.en-decoder.onnx", "tiny.en-tokens.txt"),
            "whisper",
            {"encoder": "tiny.en-encoder.onnx", "decoder": "tiny.en-decoder.onnx", "language": "de"},
        ),
        (
            "sherpa-onnx-moonshine-base-en",
            ("preprocess.onnx", "encode.int8.onnx", "uncached_decode.int8.onnx", "cached_decode.int8.onnx"),
            "moonshine-four",
            {
                "preprocessor": "preprocess.onnx",
                "encoder": "encode.int8.onnx",
                "uncached_decoder": "uncached_decode.int8.onnx",
                "cached_decoder": "cached_decode.int8.onnx",
            },
        ),
        (
            "sherpa-onnx-moonshine-tiny-en-quantized",
            ("encoder_model.ort", "decoder_model_merged.ort"),
            "moonshine",
            {"encoder": "encoder_model.ort", "decoder": "decoder_model_merged.ort"},
        ),
        ("sherpa-onnx-sense-voice", ("model.onnx",), "sense_voice", {"model": "model.onnx", "language": "de"}),
        ("sherpa-onnx-paraformer", ("model.onnx",), "paraformer", {"paraformer": "model.onnx"}),
        ("sherpa-onnx-nemo-ctc-en", ("model.int8.onnx",), "nemo_ctc", {"model": "model.int8.onnx"}),
    ],
)
def test_the_kind_is_told_by_the_files(tmp_path, called, names, kind, arguments):
    tokens = () if any("tokens" in name for name in names) else ("tokens.txt",)
    made = folder(tmp_path, *names, *tokens, called=called)
    got, told = found(SherpaSettings(model=str(made)), "de-AT")
    assert got == kind
    assert told.pop("tokens").endswith("tokens.txt")
    assert {name: value.removeprefix(f"{made}/") for name, value in told.items()} == arguments


def test_a_moonshine_of_four_files_is_told_from_one_of_two(tmp_path):
    names = ("preprocess.onnx", "encode.onnx", "uncached_decode.onnx", "cached_decode.onnx", "tokens.txt")
    made = folder(tmp_path, *names)
    assert found(SherpaSettings(model=str(made), kind="moonshine"), "en")[0] == "moonshine-four"


@pytest.fixture
def fake(monkeypatch):
    """A sherpa-onnx that notes what it is told."""
    told = {}

    class OfflineRecognizer:
        @classmethod
        def from_transducer(cls, encoder, decoder, joiner, tokens, num_threads=1):
            told.update(encoder=encoder, tokens=tokens, num_threads=num_threads)
            return cls()

        @classmethod
        def from_paraformer(cls, **_):
            raise RuntimeError("not a paraformer")

        def create_stream(self):
            def accept(rate, audio):
                told.update(rate=rate, audio=audio)

            return types.SimpleNamespace(accept_waveform=accept, result=types.SimpleNamespace(text=""))

        def decode_stream(self, stream):
            stream.result.text = " HELLO "

    monkeypatch.setitem(sys.modules, "sherpa_onnx", types.SimpleNamespace(OfflineRecognizer=OfflineRecognizer))
    return told


def test_audio_goes_in_and_words_come_out(fake, tmp_path):
    made = folder(tmp_path, "encoder.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt")
    recogniser = SherpaRecogniser(SherpaSettings(model=str(made), threads=2))
    assert fake["num_threads"] == 2
    assert recogniser.transcribe(np.full(16_000, -16384, np.int16)) == "HELLO"
    assert (fake["rate"], fake["audio"].dtype, fake["audio"][0]) == (16_000, np.float32, -0.5)
    assert recogniser.transcribe(np.zeros(100, np.int16)) == ""
    recogniser.warm_up()
    assert (len(fake["audio"]), fake["audio"].any()) == (16_000, False)


def test_what_is_missing_is_named(fake, tmp_path):
    with pytest.raises(ModelError, match=r"sherpa\.model: there is no folder"):
        SherpaRecogniser(SherpaSettings(model=str(tmp_path / "none")))
    unknown = folder(tmp_path, "model.onnx", "tokens.txt", called="mystery")
    with pytest.raises(ModelError, match=r"sherpa\.kind"):
        SherpaRecogniser(SherpaSettings(model=str(unknown)))
    with pytest.raises(ModelError, match="lacks encoder, decoder, joiner of a transducer"):
        SherpaRecogniser(SherpaSettings(model=str(unknown), kind="transducer"))
    with pytest.raises(ModelError, match="cannot be loaded as 'paraformer': not a paraformer"):
        SherpaRecogniser(SherpaSettings(model=str(unknown), kind="paraformer"))


def test_the_package_is_asked_for_when_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(ModelError, match=r"local\.stt.*pip install sherpa-onnx"):
        SherpaRecogniser(SherpaSettings(model=str(tmp_path)))


def test_the_real_one_hears_a_question(models, tmp_path):
    pytest.importorskip("sherpa_onnx", reason="the extra `sherpa` is not installed")
    encoder = models("moonshine_tiny_en/encoder_model.ort")
    for name in ("encoder_model.ort", "decoder_model_merged.ort"):
        shutil.copy(encoder.with_name(name), tmp_path)
    tokens = _read_tokens(encoder.with_name("tokenizer.bin"))
    lines = [f"{base64.b64encode(token).decode()} {n}\n" for n, token in enumerate(tokens)]
    (tmp_path / "tokens.txt").write_text("".join(lines))
    recogniser = SherpaRecogniser(SherpaSettings(model=str(tmp_path)))
    recogniser.warm_up()
    assert "what time is it" in recogniser.transcribe(say("what time is it")).lower()
