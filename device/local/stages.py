"""What the local engine asks of its stages: speech to text, the brain, text to speech.

A stage knows nothing of the protocol, and the server nothing of models: any stage may be replaced by another one
with the same few methods. One instance of each is shared by all sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.engines.contract import ToolSpec


class Recogniser(Protocol):
    """Speech to text."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def transcribe(self, pcm: NDArray[np.int16]) -> str:
        """Return what is said in `pcm`: (n,) int16, 16 kHz mono; "" if nothing is.

        Blocking; called in worker threads, by one at a time.
        """


class Prosody(Protocol):
    """Whether speech sounds as if it were over."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def probability(self, pcm: NDArray[np.int16]) -> float:
        """Return how likely, 0 to 1, the turn in `pcm` is over: (n,) int16, 16 kHz mono.

        Blocking; called in worker threads, by one at a time.
        """


class Voice(Protocol):
    """Text to speech."""

    rate: int
    """Sample rate of the pieces, Hz."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` in pieces, (n,) int16 mono at `rate`, each as soon as it exists.

        `speed` is 0.25 to 1.5 of the usual words a minute.

        Blocking; each piece is fetched in a worker thread, not always the same one. Closing the generator stops the
        synthesis and frees what it holds. Generators of several sessions may be alive at once.
        """


class Turn(Struct, frozen=True):
    """One item of the conversation as the brain sees it."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    """What was said or typed; with role `tool`, the output of the function.

    "" from the user: a silence that ran into the idle timeout, or nothing that could be understood.
    """
    call_id: str | None = None
    """With role `tool` and with an assistant's function call: which call."""
    name: str | None = None
    """With an assistant's function call: the function."""
    arguments: str | None = None
    """With an assistant's function call: JSON text."""


class Text(Struct, frozen=True):
    """A sentence (or a piece that can be spoken by itself) of the reply."""

    text: str


class Call(Struct, frozen=True):
    """A function that the client shall call."""

    name: str
    arguments: str
    """JSON text."""


class Cost(Struct, frozen=True):
    """What the reply cost, if the brain knows; at most one, the last thing it yields."""

    input_tokens: int
    output_tokens: int


class Choice(Struct, frozen=True):
    """Which functions the brain may call in a reply."""

    mode: Literal["auto", "none", "required"] = "auto"
    name: str | None = None
    """With `required`: this function and no other."""


class BrainError(Exception):
    """The brain cannot reply; the message names the cause and the mend, and is shown to the client."""


class Brain(Protocol):
    """What to say."""

    def warm_up(self) -> None:
        """Do once what would make the first reply slow, without asking anything of the network; blocking."""

    def knows(self, text: str) -> bool:
        """Return whether `text` is a whole request that needs no more words; in no time, as far as it can tell."""

    def reply(
        self, turns: Sequence[Turn], tools: Sequence[ToolSpec], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost, None]:
        """Yield a reply to the conversation `turns`, each sentence as soon as it is known.

        Has no side effect: it may be started on a guess and closed before its first item is used. Closing the
        generator ends the work. With empty `instructions` it uses its own. Raises `BrainError`.
        """
