"""What the first words of a voice over a reply are: a backchannel, an interruption, other speech, or no speech.

A lexicon says what short phrases mean; the small recogniser says what was said. The caller knows how long the voice
has lasted, which is evidence of its own: a voice that ends soon was hardly a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from device.listen.lexicon import Lexicon, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["stop", "speech", "backchannel", "nothing", "unknown"]
"""`stop`: a phrase that interrupts. `speech`: no phrase of the lexicon, so the beginning of a sentence. `nothing`: no
speech. `unknown`: it cannot be told, go by the voice's length."""


class Recogniser(Protocol):
    """What writes down speech."""

    def transcribe(self, pcm: NDArray[np.int16]) -> str:
        """Return what is said in `pcm`, `(n,) int16, 16 kHz mono`; "" if there is no speech."""


class FirstWords(Struct, frozen=True):
    """What a voice has said so far."""

    kind: Kind
    text: str = ""


class FirstWordsDetector:
    """Tells what the first words of voices are, in the language of `lexicon`; None: a language not known."""

    def __init__(self, recogniser: Recogniser, lexicon: Lexicon | None) -> None:
        self._recogniser = recogniser
        self._lexicon = lexicon

    def hear(self, pcm: NDArray[np.int16], *, ended: bool, saying: str = "") -> FirstWords:
        """Return what is said in `pcm`: `(n,) int16, 16 kHz mono`, from 200 ms before the voice's onset until now.

        `ended` says that the voice has ended; `saying` is the text that the device itself speaks at that moment, which
        may leak into the microphone.
        """
        del ended, saying
        if self._lexicon is None:
            return FirstWords("unknown")
        text = self._recogniser.transcribe(pcm)
        return FirstWords(classify(text, self._lexicon), text)


def classify(text: str, lexicon: Lexicon) -> Kind:
    """Return what `text`, all that was said, is."""
    said = words(text)
    if not said:
        return "nothing"
    if _made_of(said, lexicon.backchannel):
        return "backchannel"
    if any(" ".join(said[:n]) in lexicon.interruption for n in range(1, len(said) + 1)):
        return "stop"
    return "speech"


def _made_of(said: list[str], phrases: frozenset[str]) -> bool:
    """Return whether `said` is one of `phrases`, or several after each other."""
    return not said or any(
        " ".join(said[:n]) in phrases and _made_of(said[n:], phrases) for n in range(1, len(said) + 1)
    )
