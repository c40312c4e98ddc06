"""The small recogniser: Moonshine tiny on onnxruntime.

Moonshine (Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands", 2024,
arXiv:2410.15608) is an encoder and decoder transformer that takes raw samples of any length without padding, so
that short utterances cost little. The exported decoder is merged: `use_cache_branch` false computes the keys and
values of the encoder's states, true reuses them.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.listen.onnx import load
from device.model_files.files import ModelError, find
from device.sample_clock import CLOCK_RATE
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

_BEGIN, _END = 1, 2
"""Token ids of `<s>` and `</s>`."""
_SHORTEST = CLOCK_RATE // 10
"""Samples, 100 ms, below which nothing is transcribed: no word is so short."""
_LONGEST = 30 * CLOCK_RATE
"""Samples in one piece: the model was trained on 4 to 30 s; longer input is cut."""
_TOKENS_A_SECOND = 6.5
"""What English speech needs at most; more is a loop."""
_FRAME = 320
"""Samples of a 20 ms frame, for energy."""
_QUIET_DBFS = -65.0
"""No speech if no 200 ms are louder than this: below what microphones deliver of speech, above digital silence, of
which the model makes words."""
_CONFIDENCE = -1.0
"""Mean log probability of the tokens below which the words are guesses (speech: above -0.8; noise: to -3)."""
_DOUBTFUL = -0.2
"""Confidence below which a second opinion is asked for: clear speech lies above. Lower saves CPU and corrects fewer
errors."""
_LEAD, _TRAIL, _PAD = 480, 1600, 4800
"""Samples kept before and after the speech, and of silence put after it. The model is touchy about where in its
input the speech lies: over espeak-ng's speech this framing, and another one when in doubt, took a third off the word
error rate."""
_REPEATS = 4
_PHRASE = 8
"""That often in a row, a phrase of up to so many tokens is a loop."""
_NOT_WORDS = re.compile(r"you|(thank you|thanks) for watching\W*|[\W_]*", re.IGNORECASE)
"""What the model makes of noise and music; a "you" that was really said gets a full stop."""


class Recognised(Struct, frozen=True):
    """What a short piece of audio sounds like."""

    text: str
    confidence: float
    """Mean log probability of its tokens."""
    states: NDArray[np.float32]
    """The encoder's states, (m, 288): one every 24 ms."""


class Moonshine:
    """Moonshine tiny: English speech to text.

    Holds about 100 MB. `transcribe` may be called by several threads at once.
    """

    def __init__(self, encoder: Path, decoder: Path, tokenizer: Path) -> None:
        """Load `encoder_model.ort`, `decoder_model_merged.ort` and `tokenizer.bin`; raise `ModelError`."""
        self._encoder = load(encoder)
        self._decoder = load(decoder)
        self._tokens = _read_tokens(tokenizer)
        past = [i for i in self._decoder.get_inputs() if i.name.startswith("past_key_values.")]
        self._no_past = {i.name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for i in past}
        self._presents = [i.name.replace("past_key_values", "present") for i in past]
        self._own_presents = [name for name in self._presents if ".decoder." in name]
        vocabulary = self._decoder.get_outputs()[0].shape[-1]
        if not past or vocabulary != len(self._tokens):
            raise ModelError(
                f"{decoder} and {tokenizer} do not belong together: {vocabulary} and {len(self._tokens)} tokens; "
                f"run `{typed('models fetch', root=True)}`"
            )

    def warm_up(self) -> None:
        """Run once on silence, so that the first utterance is as fast as the next."""
        self._heard(np.zeros(CLOCK_RATE, np.float32))

    def transcribe(self, pcm: NDArray[np.int16]) -> str:
        """Return what is said in `pcm`: (n,) int16, 16 kHz mono; "" if it is too short, quiet or no speech.

        Raises `ValueError` for another shape or type.
        """
        if pcm.ndim != 1 or pcm.dtype != np.int16:
            raise ValueError(f"the recogniser wants (n,) int16, not {pcm.shape} {pcm.dtype}")
        said = [self._piece(piece) for piece in _pieces(pcm)]
        return " ".join(text for text in said if text)

    def _piece(self, pcm: NDArray[np.int16]) -> str:
        if len(pcm) < _SHORTEST:
            return ""
        audio = pcm.astype(np.float32) / np.float32(32768)
        energy = _energy(audio)
        speech = float(np.sort(energy)[-10:][0])  # 200 ms are as loud: a click is shorter
        if speech < 10 ** (_QUIET_DBFS / 10):
            return ""
        begin, end = _ends(energy, speech)
        ids, confidence = self._heard(_framed(audio, begin - _LEAD, end + _TRAIL))
        if confidence < _DOUBTFUL:
            second = self._heard(_framed(audio, begin, end))
            ids, confidence = max((ids, confidence), second, key=lambda heard: heard[1])
        text = self._text(ids)
        if confidence < _CONFIDENCE or _NOT_WORDS.fullmatch(text):
            log.debug("No words: %d letters, confidence %.2f", len(text), confidence)
            return ""
        return text

    def recognise(self, audio: NDArray[np.float32]) -> Recognised:
        """Return what is heard in `audio`, a short piece that has speech in it or none: all of it, and once.

        `(n,) float32, 16 kHz mono`, full scale 1. Unlike `transcribe` it neither looks for the speech in it nor doubts.
        """
        states = self.encode(audio)
        ids, confidence = self._decode(states, len(audio))
        return Recognised(self._text(ids), confidence, states)

    def encode(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the encoder's states of `audio`, `(n,) float32, 16 kHz mono`: (m, 288), one every 24 ms."""
        mask = np.ones((1, len(audio)), np.int64)
        (states,) = self._encoder.run(["last_hidden_state"], {"input_values": audio[None], "attention_mask": mask})
        one: NDArray[np.float32] = states[0]
        return one

    def _heard(self, audio: NDArray[np.float32]) -> tuple[list[int], float]:
        return self._decode(self.encode(audio), len(audio))

    def _decode(self, states: NDArray[np.float32], length: int) -> tuple[list[int], float]:
        """Return the likeliest tokens for `length` samples, taken greedily, and their mean log probability."""
        mask = np.ones((1, length), np.int64)
        feed: dict[str, Any] = {
            "encoder_hidden_states": states[None],
            "encoder_attention_mask": mask,  # one a sample here too: the decoder thins it out itself
            "use_cache_branch": np.array([False]),
            **self._no_past,
        }
        wanted = self._presents
        token, ids, scores = _BEGIN, [], []
        limit = int(np.ceil(length / CLOCK_RATE * _TOKENS_A_SECOND)) + 2
        for _ in range(limit):
            feed["input_ids"] = np.array([[token]], np.int64)
            logits, *presents = self._decoder.run(["logits", *wanted], feed)
            feed.update(
                (name.replace("present", "past_key_values"), a) for name, a in zip(wanted, presents, strict=True)
            )
            # The encoder's keys and values stay as they are after the first step.
            feed["use_cache_branch"], wanted = np.array([True]), self._own_presents
            row = logits[0, -1]
            token = int(row.argmax())
            scores.append(-float(np.log(np.exp(row - row[token]).sum())))
            if token == _END:
                break
            ids.append(token)
            if loop := _loop(ids):
                del ids[-loop:]
                break
        return ids, sum(scores) / len(scores)

    def _text(self, ids: list[int]) -> str:
        text = b"".join(self._tokens[i] for i in ids).decode("utf-8", "ignore")
        text = re.sub(r"<<\w+>>|<0x\w\w>|[♪\x00-\x1f]", " ", text.replace("▁", " "))
        if any(letter.isalpha() and letter > "ɏ" for letter in text):
            return ""  # letters that English has not: the model is lost
        return " ".join(text.split())


def load_moonshine(models_dir: str = "") -> Moonshine:
    """Load the recogniser from where the models lie (`model_files.files.find`); raise `ModelError`."""
    files = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
    encoder, decoder, tokenizer = (find(f"moonshine_tiny_en/{file}", models_dir) for file in files)
    return Moonshine(encoder, decoder, tokenizer)


def _read_tokens(path: Path) -> list[bytes]:
    """Read `tokenizer.bin`: each token is its length, in one byte or two (low 7 bits first), and its bytes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} is missing; run `{typed('models fetch', root=True)}`") from error
    tokens, at = [], 0
    while at < len(data):
        length, head = data[at], 1
        if length >= 128 and at + 1 < len(data):
            length, head = length - 128 + data[at + 1] * 128, 2
        tokens.append(data[at + head : at + head + length])
        at += head + length
    if at != len(data):
        raise ModelError(f"{path} is truncated; run `{typed('models fetch', root=True)}`")
    return tokens


def _energy(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean square of every whole frame of 20 ms; of all of it if it is shorter."""
    frames = audio[: len(audio) // _FRAME * _FRAME].reshape(-1, _FRAME) if len(audio) >= _FRAME else audio[None]
    energy: NDArray[np.float32] = np.mean(frames**2, axis=1)
    return energy


def _ends(energy: NDArray[np.float32], speech: float) -> tuple[int, int]:
    """Return the samples where the speech begins and ends: what is above the noise, or 30 dB below the speech."""
    noise = float(np.percentile(energy, 10))
    loud = np.flatnonzero(energy >= max(speech * 1e-3, min(noise * 4, speech * 1e-2)))
    return int(loud[0]) * _FRAME, int(loud[-1] + 1) * _FRAME


def _framed(audio: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
    return np.concatenate([audio[max(0, begin) : end], np.zeros(_PAD, np.float32)])


def _pieces(pcm: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Cut what is too long for the model at the quietest 100 ms of each piece's last third."""
    while len(pcm) > _LONGEST:
        begin = _LONGEST * 2 // 3
        energy = _energy(pcm[begin:_LONGEST].astype(np.float32))
        quiet = np.convolve(energy, np.ones(5), "valid")
        cut = begin + (int(quiet.argmin()) + 2) * _FRAME
        yield pcm[:cut]
        pcm = pcm[cut:]
    yield pcm


def _loop(ids: list[int]) -> int:
    """Return how many tokens at the end are needless repeats of a phrase, if it came `_REPEATS` times; else 0."""
    for length in range(1, min(_PHRASE, len(ids) // _REPEATS) + 1):
        if ids[-length:] * _REPEATS == ids[-length * _REPEATS :]:
            return length * (_REPEATS - 1)
    return 0
