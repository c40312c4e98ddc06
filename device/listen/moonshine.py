"""The recogniser of this device: Moonshine, tiny or base, on onnxruntime.

Moonshine (Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands", 2024,
arXiv:2410.15608) is an encoder and decoder transformer that takes raw samples of any length without padding, so
that short utterances cost little. Base makes about half of tiny's errors and takes half again its time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.listen import framing
from device.listen.begins_with import LOWEST, letters_of, spelling, spelt
from device.listen.hypotheses import likeliest
from device.listen.moonshine_networks import BEGIN, END, Networks, Past
from device.model_files.files import ModelError, find
from device.sample_clock import CLOCK_RATE
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.listen.hypotheses import Hypothesis
    from device.listen.moonshine_networks import Decoding

log = logging.getLogger(__name__)

UNDERSTOOD, EXPECTED = 1, 2
"""Of a text: something can be made of it; and each word of it is one that may well be said."""
Understood: TypeAlias = Callable[[str], int]
"""Tells which of these a text is; 0: neither."""
Size: TypeAlias = Literal["tiny", "base"]
FILES: Final[dict[Size, tuple[str, ...]]] = {
    "tiny": ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"),
    "base": ("encoder.onnx", "decoder.onnx", "tokenizer.bin"),
}
"""What each consists of, in its folder."""

_SHORTEST = CLOCK_RATE // 10
"""Samples, 100 ms, below which nothing is transcribed: no word is so short."""
_TOKENS_A_SECOND = 6.5
"""What English speech needs at most; more is a loop."""
_CONFIDENCE = -1.0
"""Mean log probability of the tokens below which the words are guesses (speech: above -0.8; noise: to -3)."""
_DOUBTFUL = -0.2
"""Confidence below which a second opinion is asked for: clear speech lies above. Lower saves CPU and corrects fewer
errors."""
_DOUBTFUL_ALL_THE_SAME = -0.4
"""The same of what is expected to be said. Over 240 requests of eight synthetic voices it spared a quarter of the
second opinions, and made no error."""
_LEAD, _TRAIL = 480, 1600
"""Samples kept before and after the speech. The model is touchy about where in its
input the speech lies: over espeak-ng's speech this framing, and another one when in doubt, took a third off the word
error rate."""
_WORTH = (0.0, 3.0, 5.0)
"""Nats by which a hypothesis is likelier that nothing can be made of, that is understood, and that is expected. Over
240 requests of eight synthetic voices all from 2 and 4.5 to 4 and 6 gave the same word error rate."""
_A_WORD = 0.2
"""Nats by which each word makes it likelier, so that none is left out: over the same, no difference up to 0.4; with
more, a number counts for more in words than in digits."""
_SURE = (-0.05, -0.2, -np.inf)
"""Confidence from which there is no second look at such a text. Over the same, a quarter of the looks was spared, and
no error made; from 0.05 less on some were."""
_LEAST_CONFIDENCE = -1.6
"""Mean log probability of its tokens below which a hypothesis is a guess even if it can be understood."""
_ADDRESS = -12.0
"""Nats by which an address may be less likely than what would be written, to be left out. Of 120 wake words that are
detected, by 40 synthetic voices in three rooms, nearly all lie above; of 27 recordings of people who say anything else,
none lies above -20."""
_SIGNS_BEFORE = re.compile(r"^[\W_]+")
_NO_WORD = re.compile(r"[^\w']+")
_REPEATS = 4
_PHRASE = 8
"""That often in a row, a phrase of up to so many tokens is a loop."""
_RESERVED = (0, 768)
"""Tokens at the end, `<<ST_n>>`, which some tokenizers leave out."""
_NOT_WORDS = re.compile(r"you|(thank you|thanks) for watching\W*|[\W_]*", re.IGNORECASE)
"""What the model makes of noise and music; a "you" that was really said gets a full stop."""


class Heard(Struct, frozen=True):
    """What is said."""

    text: str
    confidence: float
    """Mean log probability of its tokens; 0 if there are none."""
    words: float = 0.0
    """The same without marks and the end: whether it is a full stop or none says nothing of what was said."""


class Recognised(Struct, frozen=True):
    """What a short piece of audio sounds like."""

    text: str
    confidence: float
    """Mean log probability of its tokens."""
    states: NDArray[np.float32]
    """The encoder's states, (m, 288 of tiny or 416 of base): one every 24 ms."""


class Begins(Struct, frozen=True):
    """Log probabilities of how a piece of speech may begin."""

    phrase: float
    """With the phrase that is looked for; at least -30."""
    written: float
    """With what would be written."""


class _Attempt(Struct, frozen=True):
    """A piece of audio, encoded, and the likeliest tokens for it."""

    states: NDArray[np.float32]
    keys: Past
    length: int
    """Samples."""
    ids: list[int]
    scores: list[float]
    """Log probability of each token, and of the end."""
    silent: bool
    """It is likelier that nobody speaks in it."""
    address: tuple[int, ...] = ()
    """Tokens of a phrase before `ids`, by which the speaker addresses whom they mean."""

    @property
    def confidence(self) -> float:
        """Mean log probability of a token."""
        return sum(self.scores) / len(self.scores)


class Moonshine:
    """Moonshine: English speech to text.

    Holds about 100 MB. `transcribe` may be called by several threads at once.
    """

    def __init__(self, encoder: Path, decoder: Path, tokenizer: Path) -> None:
        """Load two networks (see `Networks`) and `tokenizer.bin`; raise `ModelError`."""
        self._networks = Networks(encoder, decoder)
        self._tokens = _read_tokens(tokenizer)
        lacking = self._networks.tokens - len(self._tokens)
        if lacking not in _RESERVED:
            raise ModelError(
                f"{decoder} and {tokenizer} do not belong together: {self._networks.tokens} and {len(self._tokens)} "
                f"tokens; run `{typed('models fetch', root=True)}`"
            )
        self._tokens += [b""] * lacking
        self._spellings: dict[str, dict[str, list[int]]] = {}

    def warm_up(self) -> None:
        """Run once on silence, so that the first utterance is as fast as the next."""
        self._attempt(np.zeros(CLOCK_RATE, np.float32), speech=True)

    def transcribe(
        self, pcm: NDArray[np.int16], understood: Understood | None = None, addresses: Sequence[str] = ()
    ) -> str:
        """Return what is said in `pcm`: (n,) int16, 16 kHz mono; "" if it is too short, quiet or no speech.

        `understood` tells whether somebody can make something of a text. If the likeliest one is not `EXPECTED`,
        another that is nearly as likely is returned, if there is one that is more: to look takes as much time again.
        That also holds where it is likelier that nobody speaks: of short and of synthetic speech the model thinks so
        at times, and knows the words all the same.

        Of `addresses`, such as "hey jarvis", one that it begins with is left out.

        Raises `ValueError` for another shape or type.
        """
        return self.hear(pcm, understood, addresses).text

    def hear(
        self, pcm: NDArray[np.int16], understood: Understood | None = None, addresses: Sequence[str] = ()
    ) -> Heard:
        """Return what `transcribe` does, and how sure it is of the least sure piece. Raises `ValueError` likewise."""
        if pcm.ndim != 1 or pcm.dtype != np.int16:
            raise ValueError(f"the recogniser wants (n,) int16, not {pcm.shape} {pcm.dtype}")
        pieces = zip(framing.pieces(pcm), chain((addresses,), repeat(())), strict=False)
        said = [one for piece, begins in pieces if (one := self._piece(piece, understood, begins)).text]
        return Heard(
            " ".join(one.text for one in said),
            min((one.confidence for one in said), default=0.0),
            min((one.words for one in said), default=0.0),
        )

    def _piece(self, pcm: NDArray[np.int16], understood: Understood | None, addresses: Sequence[str]) -> Heard:
        if len(pcm) < _SHORTEST:
            return Heard("", 0.0)
        audio = pcm.astype(np.float32) / np.float32(32768)
        found = framing.speech(audio)
        if found is None:
            return Heard("", 0.0)
        attempts, other = self._attempts(audio, found, understood, addresses)
        if attempts[-1].address and not self.words(attempts[-1].ids):
            return Heard("", 0.0)  # nothing was said but whom they mean
        best = max(attempts, key=lambda one: (bool(one.address), not one.silent, one.confidence))
        attempts = [one for one in attempts if bool(one.address) is bool(best.address)]
        text = "" if best.silent or best.confidence < _CONFIDENCE else self.text(best.ids, best.address)
        if _NOT_WORDS.fullmatch(text):
            text = ""
        heard = Heard(text, best.confidence, self.sureness(best.ids, best.scores))
        if understood:
            how = understood(text) if text else 0
            if not text or best.confidence < _SURE[how]:
                choice = _Choice(self, understood, heard, sum(best.scores) + _WORTH[how])
                heard = self._second_look(attempts, other, choice)
        if not heard.text:
            log.debug("No words: confidence %.2f", heard.confidence)
        return heard

    def _attempts(
        self,
        audio: NDArray[np.float32],
        speech: tuple[int, int],
        understood: Understood | None,
        addresses: Sequence[str],
    ) -> tuple[list[_Attempt], NDArray[np.float32] | None]:
        """Return one attempt or, in doubt, two, or else the audio of the second one."""
        begin, end = speech
        first = self._attempt(framing.framed(audio, begin - _LEAD, end + _TRAIL), speech=True, addresses=addresses)
        if (first.address and not self.words(first.ids)) or not self._doubts(first, understood):
            return [first], None
        other = framing.framed(audio, begin, end)
        # Where nothing can be made of the first, all that the second may be is looked for afterwards anyway.
        if understood is None or addresses or first.silent or understood(self.text(first.ids)):
            return [first, self._attempt(other, speech=True, addresses=addresses)], None
        return [first], other

    def _doubts(self, one: _Attempt, understood: Understood | None) -> bool:
        """Tell whether a second opinion is worth its time."""
        if one.silent or one.confidence < _DOUBTFUL_ALL_THE_SAME:
            return True
        return one.confidence < _DOUBTFUL and (
            understood is None or understood(self.text(one.ids, one.address)) < EXPECTED
        )

    def _second_look(self, attempts: list[_Attempt], other: NDArray[np.float32] | None, choice: _Choice) -> Heard:
        """Return the best of what else the attempts may be and, if none of it is expected, what `other` audio may."""
        for one in sorted(attempts, key=lambda one: (not one.silent, one.confidence), reverse=True):
            choice.among(self._networks.begin(one.states, one.keys, one.length), _limit(one.length), one.address)
            if choice.expected:
                return choice.best
        if other is None:
            return choice.best
        choice.surest = choice.first  # of two framings, and not of one and what it is less likely to be
        choice.among(self._networks.begin(*self._networks.encode(other), len(other)), _limit(len(other)), ())
        return choice.surest if choice.best is choice.first and choice.first.text else choice.best

    def recognise(self, audio: NDArray[np.float32]) -> Recognised:
        """Return what is heard in `audio`, a short piece that has speech in it or none: all of it, and once.

        `(n,) float32, 16 kHz mono`, full scale 1. Unlike `transcribe` it neither looks for the speech in it nor doubts.
        """
        heard = self._attempt(audio, speech=False)
        return Recognised(self.text(heard.ids), heard.confidence, heard.states)

    def begins_with(self, audio: NDArray[np.float32], phrase: str) -> Begins:
        """Compare how likely it is that `audio` begins with `phrase`, and with what `recognise` writes.

        `(n,) float32, 16 kHz mono`. Of what is written, as much counts as has as many letters.
        """
        letters = letters_of(phrase.encode())
        states, keys = self._networks.encode(audio)
        written = self._beginning(self._networks.begin(states, keys, len(audio)), len(letters), _limit(len(audio)))
        decoding = self._networks.begin(states, keys, len(audio))
        return Begins(spelt(decoding, self._spelling(letters), letters)[0], written)

    def _beginning(self, decoding: Decoding, letters: int, limit: int) -> float:
        """Return the log probability of the likeliest tokens, taken greedily, up to so many letters."""
        token, score = BEGIN, 0.0
        for _ in range(limit):
            (row,) = decoding.step([token])
            token = int(row.argmax())
            score += float(row[token])
            letters -= len(letters_of(self._tokens[token]))
            if token == END or letters <= 0:
                break
        return score

    def encode(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the encoder's states of `audio`, `(n,) float32, 16 kHz mono`: one every 24 ms."""
        return self._networks.encode(audio)[0]

    def _attempt(self, audio: NDArray[np.float32], *, speech: bool, addresses: Sequence[str] = ()) -> _Attempt:
        """Return the likeliest tokens, taken greedily; with `speech` at least one, or one of `addresses`."""
        states, keys = self._networks.encode(audio)
        heard = self._greedy(states, keys, len(audio), speech=speech)
        for phrase in addresses:
            if address := self._address(heard, letters_of(phrase.encode())):
                return self._greedy(states, keys, len(audio), speech=False, after=address)
        return heard

    def _greedy(
        self, states: NDArray[np.float32], keys: Past, length: int, *, speech: bool, after: tuple[int, ...] = ()
    ) -> _Attempt:
        decoding = self._networks.begin(states, keys, length)
        ids: list[int] = []
        scores: list[float] = []
        for token in (BEGIN, *after):
            (row,) = decoding.step([token])
        silent = int(row.argmax()) == END
        if silent and speech:
            row[END] = -np.inf
        for _ in range(_limit(length)):
            token = int(row.argmax())
            scores.append(float(row[token]))
            if token == END:
                break
            ids.append(token)
            if loop := _loop(ids):
                del ids[-loop:]
                break
            (row,) = decoding.step([token])
        return _Attempt(states, keys, length, ids, scores, silent, after)

    def _address(self, heard: _Attempt, letters: str) -> tuple[int, ...]:
        """Return the tokens of `letters` if it may well begin with them; else none."""
        written, left = 0.0, len(letters)
        for token, score in zip(heard.ids, heard.scores, strict=False):
            written += score
            left -= len(letters_of(self._tokens[token]))
            if left <= 0:
                break
        decoding = self._networks.begin(heard.states, heard.keys, heard.length)
        return spelt(decoding, self._spelling(letters), letters, max(LOWEST, written + _ADDRESS))[1]

    def _spelling(self, letters: str) -> dict[str, list[int]]:
        if letters not in self._spellings:
            self._spellings[letters] = spelling(self._tokens, letters)
        return self._spellings[letters]

    def sureness(self, ids: Sequence[int], scores: Sequence[float]) -> float:
        """Return the mean of the scores of those tokens that are of words; 0 if none is."""
        of_words = [score for token, score in zip(ids, scores, strict=False) if self.words([token])]
        return sum(of_words) / len(of_words) if of_words else 0.0

    def words(self, ids: Sequence[int]) -> str:
        """Return what tokens say, without spelling."""
        text = b"".join(self._tokens[i] for i in ids).decode("utf-8", "ignore").replace("▁", " ").lower()
        return " ".join(_NO_WORD.sub(" ", text).split())

    def text(self, ids: Sequence[int], after: tuple[int, ...] = ()) -> str:
        """Return what tokens say, which come `after` an address, perhaps; "" if the model is lost."""
        text = b"".join(self._tokens[i] for i in ids).decode("utf-8", "ignore")
        text = re.sub(r"<<\w+>>|<0x\w\w>|[♪\x00-\x1f]", " ", text.replace("▁", " "))
        if any(letter.isalpha() and letter > "ɏ" for letter in text):
            return ""  # letters that English has not
        text = " ".join(text.split())
        if after:
            text = _SIGNS_BEFORE.sub("", text)
            text = text[:1].upper() + text[1:]
        return text


class _Choice:
    """The best of `first`, which is worth so much without its words, and of hypotheses that can be understood."""

    def __init__(self, moonshine: Moonshine, understood: Understood, first: Heard, worth: float) -> None:
        self._moonshine = moonshine
        self._understood = understood
        self.first = self.best = first
        self.surest = first
        """What is likeliest by its tokens, whatever can be made of it."""
        self.expected = False
        """Whether something was found that is."""
        self._least = worth - _WORTH[EXPECTED]
        self._most = worth + _A_WORD * len(first.text.split())

    def among(self, decoding: Decoding, limit: int, after: tuple[int, ...]) -> None:
        """Look at what `decoding`, which has just begun, finds of up to `limit` tokens `after` an address, perhaps."""
        judge = partial(self._judge, after=after)
        likeliest(decoding, self._moonshine.words, limit, self._least, after=after, ended=judge)

    def _judge(self, one: Hypothesis, after: tuple[int, ...]) -> float:
        """Take a hypothesis if it is better; return the least score of one that may still be."""
        text = self._moonshine.text(one.ids, after)
        likely = one.score + _A_WORD * len(text.split())
        if one.confidence < _LEAST_CONFIDENCE or _NOT_WORDS.fullmatch(text):
            return self._least
        # To ask what can be made of it takes as long as a step of the search: not if it is in vain.
        how = self._understood(text) if likely + _WORTH[EXPECTED] > self._most else 0
        heard = Heard(text, one.confidence, self._moonshine.sureness(one.ids, one.scores))
        if how and likely + _WORTH[how] > self._most:
            self.best, self._most = heard, likely + _WORTH[how]
            self._least = one.score + _WORTH[how] - _WORTH[EXPECTED]
            self.expected = self.expected or how == EXPECTED
        if one.confidence > self.surest.confidence:
            self.surest = heard
        return self._least


def load_moonshine(models_dir: str = "", size: Size = "tiny") -> Moonshine:
    """Load the recogniser of a size from where the models lie (`model_files.files.find`); raise `ModelError`."""
    encoder, decoder, tokenizer = (find(f"moonshine_{size}_en/{file}", models_dir) for file in FILES[size])
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


def _limit(length: int) -> int:
    """Return the most tokens of `length` samples."""
    return int(np.ceil(length / CLOCK_RATE * _TOKENS_A_SECOND)) + 2


def _loop(ids: list[int]) -> int:
    """Return how many tokens at the end are needless repeats of a phrase, if it came `_REPEATS` times; else 0."""
    for length in range(1, min(_PHRASE, len(ids) // _REPEATS) + 1):
        if ids[-length:] * _REPEATS == ids[-length * _REPEATS :]:
            return length * (_REPEATS - 1)
    return 0
