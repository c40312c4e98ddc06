"""What the first words of a voice over a reply are: a backchannel, an interruption, other speech, or no speech.

Two witnesses are heard. The recogniser writes down what it understands, and a lexicon says what that means; it has
learnt from many people, but half a word, noise or an echo lead it astray. A small network judges by the sound alone
(`by_sound.py`); it has heard fewer people, but also noise, echo and half words. `weigh` makes up the mind. In languages
that the recogniser does not know, there are the sound and the length.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from msgspec import Struct

from device.conversation.events import Kind
from device.listen.lexicon import Lexicon, words
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.listen.moonshine import Recognised

BEFORE = samples(100)
"""Audio before the onset that is wanted: soft first sounds lie there. More of it would be echo."""

LOUDEST = 0.1
"""RMS to which the loudest 20 ms are brought: -20 dBFS."""
HIGHEST_GAIN = 100.0
"""What is softer than -60 dBFS is not brought all the way up: that would be noise."""
FRAME = samples(20)
FADE = samples(10)
"""The cut into the sound must not pass for a plosive."""
PAD = samples(100)
"""Silence after the end: the recogniser wants to hear that it has ended."""

LEAST = 1e-3
"""No probability is less: it bounds the log odds at ±7."""
WORDS = 1.5
"""Log odds that words which are certain are worth; what the network says counts as it is."""
DOUBT = 0.8
"""Log odds against an interruption where the recogniser only guesses: noises, sounds that are no words. This and the
other weights were chosen on recordings of people and on synthesizers by a network that had not heard the speaker."""
SURE, GUESSED = -0.1, -0.9
"""Confidences of the recogniser at which words count fully, and not at all: see `moonshine.py`."""
HUMMED = 0.3
"""How much a backchannel counts at least: nothing else is like "mm-hm" to it, and it is never sure of that."""
DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
"""No word has one letter three times in a row."""
EARLY_MS, LATE_MS = 300, 700
"""Between these, a voice that goes on needs ever less evidence: there will be more of it soon."""
EARLY = 1.5
"""Log odds for an interruption that are wanted at `EARLY_MS`; none at `LATE_MS`, and when the voice has ended."""
LONG_MS, LONG, NOISE = 500, 1.0, 0.2
"""A voice of this length, the pause after it included, is worth so many log odds where nothing was understood that is
said by who listens, if words are not worth more: most nods are over by then. Only where it is less likely than `NOISE`
to be none. Of recordings of people in rooms, 53 of 74 short interruptions in other languages cut then (48 without it;
where no words count, 58 and 46), 1 of 92 nods (1; 17 and 5) and 4 of 49 noises (4; 5 and 5)."""


class Recogniser(Protocol):
    """Writes down speech."""

    def recognise(self, audio: NDArray[np.float32]) -> Recognised:
        """Return what is heard in `audio`, `(n,) float32, 16 kHz mono`."""


class BySound(Struct, frozen=True):
    """How likely each kind is by its sound, 0 to 1; together 1."""

    backchannel: float
    stop: float
    speech: float
    nothing: float


class FirstWords(Struct, frozen=True):
    """What a voice has said so far."""

    kind: Kind
    text: str = ""
    """What was understood; a guess where the kind is `nothing`."""
    score: float = 0.0
    """Log odds of an interruption, stop words and other speech taken together."""


def listen_to(
    pcm: NDArray[np.int16],
    recogniser: Recogniser,
    by_sound: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    lexicon: Lexicon | None,
    *,
    ended: bool,
) -> FirstWords:
    """Return what is said in `pcm`: `(n,) int16, 16 kHz mono`, from `BEFORE` a voice's onset until now.

    Without a `lexicon`, what the recogniser writes down says nothing. `ended` says that the voice has ended, as far as
    can be told. Takes about 25 ms of CPU for 0.8 s.
    """
    if len(pcm) <= BEFORE:
        return FirstWords("nothing")
    heard = recogniser.recognise(audible(pcm))
    likely = BySound(*map(float, by_sound(heard.states)))
    lasted_ms = (len(pcm) - BEFORE) / samples(1)
    return weigh(heard.text, heard.confidence, likely, lexicon, lasted_ms=lasted_ms, ended=ended)


def weigh(
    text: str, confidence: float, likely: BySound, lexicon: Lexicon | None, *, lasted_ms: float, ended: bool
) -> FirstWords:
    """Return what a voice is that has lasted so long and in which `text` was understood, or written for want of better.

    It counts only by a `lexicon`.
    """
    meaning: Kind = meaning_of(text, lexicon) if lexicon is not None else "nothing"
    interrupts, else_ = likely.stop + likely.speech, likely.backchannel + likely.nothing
    score = math.log(max(interrupts, LEAST) / max(else_, LEAST))
    trust = min(1.0, max(0.0, (confidence - GUESSED) / (SURE - GUESSED)))
    score -= DOUBT * (1 - trust)
    if meaning == "backchannel":
        score -= WORDS * max(trust, HUMMED)
    else:
        long = lasted_ms >= LONG_MS and likely.nothing < NOISE
        score += max(WORDS * trust if meaning != "nothing" else 0.0, LONG if long else 0.0)
    early = 0.0 if ended else min(1.0, max(0.0, (LATE_MS - lasted_ms) / (LATE_MS - EARLY_MS)))
    if score > EARLY * early:
        stop = meaning == "stop" or (meaning != "speech" and likely.stop > likely.speech)
        return FirstWords("stop" if stop else "speech", text, score)
    return FirstWords("backchannel" if likely.backchannel >= likely.nothing else "nothing", text, score)


def meaning_of(text: str, lexicon: Lexicon) -> Kind:
    """Return what `text`, all that was said, means; "okaaay" is "okay", "coooool" is "cool"."""
    heard = (_meaning(words(DRAWN_OUT.sub(kept, text)), lexicon) for kept in (r"\g<0>", r"\1", r"\1\1"))
    return next((meaning for meaning in heard if meaning != "speech"), "speech")


def _meaning(said: list[str], lexicon: Lexicon) -> Kind:
    if not said:
        return "nothing"
    if _made_of(said, lexicon.backchannel):
        return "backchannel"
    # "Okay, yeah, stop": what matters comes after the signs of listening.
    for begin in range(len(said)):
        starts = (" ".join(said[begin:end]) for end in range(begin + 1, len(said) + 1))
        if _made_of(said[:begin], lexicon.backchannel) and any(start in lexicon.interruption for start in starts):
            return "stop"
    return "speech"


def audible(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return `pcm` as the recogniser hears it best: faded in, at one level, and with silence after it."""
    audio = pcm.astype(np.float32) / np.float32(32768)
    audio[:FADE] *= np.linspace(0, 1, len(audio[:FADE]), dtype=np.float32)
    frames = audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME)
    loudest = float(np.sqrt(np.mean(frames**2, axis=1).max(initial=0.0)))
    audio *= np.float32(min(HIGHEST_GAIN, LOUDEST / max(loudest, 1e-9)))
    return np.concatenate([audio, np.zeros(PAD, np.float32)])


def _made_of(said: list[str], phrases: frozenset[str]) -> bool:
    """Return whether `said` is one of `phrases`, or several after each other."""
    return not said or any(
        " ".join(said[:n]) in phrases and _made_of(said[n:], phrases) for n in range(1, len(said) + 1)
    )
