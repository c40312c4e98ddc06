"""What the local engine asks of its stages: speech to text, the brain, text to speech.

A stage knows nothing of the protocol, and the server nothing of models: any stage may be replaced by another one
with the same few methods. One instance of each is shared by all sessions. Stages that compute here are blocking and
work in threads; those that are elsewhere (`Remote…`) wait on the event loop, as many at once as are asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray


class StageError(Exception):
    """A stage cannot do its work; the message names the cause and the fix, and is shown to the client."""

    code = "stage_error"


Doubt: TypeAlias = Literal["none", "ending", "words"]
"""In a text: none; how it ends may be otherwise; its very words may be others."""


class Recogniser(Protocol):
    """Speech to text."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:
        """Return what is said in `pcm`: (n,) int16, 16 kHz mono; "" if nothing is. `names` may well be spoken of.

        Blocking; called in worker threads, by one at a time.
        """

    def doubt(self, text: str) -> Doubt:
        """Return how unsure it was of a text that it returned lately."""


class RemoteRecogniser(ABC):
    """Speech to text elsewhere."""

    def warm_up(self) -> None:  # noqa: B027 - most need none
        """Do nothing: there is nothing to be asked yet."""

    def doubt(self, text: str) -> Doubt:  # noqa: ARG002 - most do not say
        """Return "none": it is not known how sure it was."""
        return "none"

    @abstractmethod
    async def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:
        """Return what is said in `pcm`, as `Recogniser.transcribe` does. Raises `StageError`."""

    @abstractmethod
    async def close(self) -> None:
        """Give up all connections."""


class TurnBegan(Struct, frozen=True):
    """The user begins to speak."""


class TurnPaused(Struct, frozen=True):
    """The turn may be over, having said this."""

    text: str


class TurnResumed(Struct, frozen=True):
    """It was not: the user goes on."""


class TurnEnded(Struct, frozen=True):
    """The turn is over, having said this."""

    text: str


class TurnLost(Struct, frozen=True):
    """What is being said cannot be heard; a turn that had begun is over without its words."""

    error: StageError


TurnEvent: TypeAlias = TurnBegan | TurnPaused | TurnResumed | TurnEnded | TurnLost


class TurnLine(Protocol):
    """One session's stream to a `TurnRecogniser`."""

    def hear(self, pcm: NDArray[np.int16]) -> None:
        """Take the stream's next audio: (n,) int16, 16 kHz mono."""

    async def close(self) -> None:
        """End the stream; harmless when repeated."""


class TurnRecogniser(RemoteRecogniser):
    """Speech to text elsewhere that finds the turns in a stream by itself."""

    @abstractmethod
    def listen(self, tell: Callable[[TurnEvent], None]) -> TurnLine:
        """Open a stream; `tell` learns of its turns."""


class Prosody(Protocol):
    """Whether speech sounds as if it were over."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def probability(self, pcm: NDArray[np.int16]) -> float:
        """Return how likely, 0 to 1, the turn in `pcm` is over: (n,) int16, 16 kHz mono.

        Blocking; called in worker threads, by one at a time.
        """


class Word(Struct, frozen=True):
    """A word of an utterance, and when it is heard."""

    text: str
    start_ms: float
    end_ms: float


class Voice(Protocol):
    """Text to speech."""

    rate: int
    """Sample rate of the pieces, Hz."""

    def warm_up(self) -> None:
        """Do once what would make the first use slow; blocking."""

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16] | tuple[Word, ...], None, None]:
        """Yield the speech for `text` in pieces, (n,) int16 mono at `rate`, each as soon as it exists.

        A voice that knows when its words are heard, in the speech of this text, yields that as well; they are as they
        are in `text`. `speed` is 0.25 to 1.5 of the usual words a minute.

        Blocking; each piece is fetched in a worker thread, not always the same one. Closing the generator stops the
        synthesis and frees what it holds. Generators of several sessions may be alive at once.
        """


class Utterance(Protocol):
    """One message being spoken elsewhere, sentence by sentence and in one breath."""

    def say(self, text: str) -> None:
        """Add a sentence."""

    def end(self) -> None:
        """Say that no sentence follows."""

    def parts(self) -> AsyncGenerator[NDArray[np.int16] | tuple[Word, ...], None]:
        """Yield the speech, (n,) int16 mono at the voice's rate, and when its words are heard; once, to its end.

        Closing stops the synthesis. Raises `StageError`.
        """


class RemoteVoice(ABC):
    """Text to speech elsewhere."""

    rate: int
    """Sample rate of what it says, Hz."""

    def warm_up(self) -> None:  # noqa: B027 - most need none
        """Do nothing: `prepare` does it, on the event loop."""

    @abstractmethod
    def prepare(self) -> None:
        """Have a connection open soon: somebody is about to speak."""

    @abstractmethod
    def begin(self, speed: float) -> Utterance:
        """Begin a message, at 0.25 to 1.5 of the usual speed as far as the voice can."""

    @abstractmethod
    async def close(self) -> None:
        """Give up all connections."""


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


class Tool(Struct, frozen=True):
    """A function that the client offers."""

    name: str
    description: str
    parameters: dict[str, Any]
    """A JSON schema of type object."""


class Call(Struct, frozen=True):
    """A function that the client shall call."""

    name: str
    arguments: str
    """JSON text."""


class Cost(Struct, frozen=True):
    """What the reply cost, if the brain knows; at most one, the last thing it yields."""

    input_tokens: int
    output_tokens: int


class Pace(Struct, frozen=True):
    """How fast the reply is spoken, as a part of the speed that the client wants; comes before all else."""

    speed: float


class Unmet(Struct, frozen=True):
    """Something that was asked for and cannot be done, for the owner to know."""

    kind: str


class Choice(Struct, frozen=True):
    """Which functions the brain may call in a reply."""

    mode: Literal["auto", "none", "required"] = "auto"
    name: str | None = None
    """With `required`: this function and no other."""


class BrainError(StageError):
    """The brain cannot reply."""

    code = "brain_error"


class Brain(Protocol):
    """What to say."""

    def warm_up(self) -> None:
        """Do once what would make the first reply slow, without asking anything of the network; blocking."""

    def knows(self, text: str) -> bool:
        """Return whether `text` is a whole request that needs no more words; in no time, as far as it can tell."""

    def free_words(self, text: str) -> list[str] | None:
        """Return the words of a sentence that might be others, such as names; None if it does not know it; likewise."""

    def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
        """Yield a reply to the conversation `turns`, each sentence as soon as it is known.

        Has no side effect: it may be started speculatively and closed before its first item is used. Closing the
        generator ends the work. With empty `instructions` it uses its own. Raises `BrainError`.
        """


class Vad(Protocol):
    """Finds voice in one stream of audio."""

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return the probability of voice, 0 to 1, in the stream's next (512,) int16 at 16 kHz."""

    def reset(self) -> None:
        """Forget the stream so far."""


class EngineStartError(Exception):
    """The server cannot do what the settings ask; the message says why and what to do."""
