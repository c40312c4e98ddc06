"""Which Moonshine the local engine hears with: base where there is the memory for it, else tiny."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.listen.moonshine import FILES, Size, load_moonshine
from device.local.stt.expected import Expected
from device.model_files.files import ModelError, find
from device.system import memory
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.listen.moonshine import Heard, Moonshine
    from device.local.stages import Doubt
    from device.settings.tree import Settings

LANGUAGE = "en"
"""The one that it knows."""
log = logging.getLogger(__name__)


class Ears(Struct, frozen=True):
    """A size of Moonshine, and why it is that."""

    size: Size
    why: str
    worse: bool = False
    """Whether it is not the one that this machine should have."""

    @property
    def name(self) -> str:
        """What clients are told of it."""
        return f"moonshine-{self.size}-en"


def ears(settings: Settings) -> Ears:
    """Say which Moonshine is meant by `local.stt`; it may be missing all the same, if it is named there."""
    match settings.local.stt:
        case "moonshine-tiny":
            return Ears("tiny", "local.stt asks for it")
        case "moonshine-base":
            return Ears("base", "local.stt asks for it")
    memory_mb = round(memory.of_machine_mb())
    if memory_mb < memory.SMALL_MB:
        return Ears("tiny", f"there are {memory_mb} MB of memory, and base wants {memory.SMALL_MB}")
    try:
        for file in FILES["base"]:
            find(f"moonshine_base_en/{file}", settings.models_dir)
    except ModelError:
        return Ears("tiny", f"base is not there: `{typed('models fetch', root=True)}` makes it", worse=True)
    return Ears("base", f"there are {memory_mb} MB of memory")


DOUBT: Final = -0.35
"""Mean log probability of its tokens below which the last words of a text are not to be gone by. Of 24 beginnings of
sentences in `parley bench bargein` four lie below; a question that was heard as other words, at -0.4 to -0.5."""
DOUBT_OF_WORDS: Final = -0.8
"""The same of the tokens of its words, below which it may be another request. Of what a pause in five synthetic voices'
requests made of their first halves, five of seven lie below; of 33 whole ones that are in doubt otherwise, five."""
_LATELY: Final = 16
"""Texts that are remembered: as many as there may be sessions that pause at once, and some."""


class MoonshineRecogniser:
    """A `Recogniser` that, of what is nearly as likely, takes what can be understood."""

    def __init__(self, moonshine: Moonshine, expected: Expected, addresses: Sequence[str] = ()) -> None:
        """`addresses` are the wake words as they are said: one that speech begins with is no part of what is said."""
        self._moonshine = moonshine
        self._expected = expected
        self._addresses = addresses
        self._lately: deque[tuple[str, Doubt]] = deque(maxlen=_LATELY)

    def warm_up(self) -> None:
        """Run once on silence."""
        self._moonshine.warm_up()

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is. `names` are expected in it."""
        heard = self._moonshine.hear(pcm, self._expected.among(names), self._addresses)
        if heard.text:
            self._lately.appendleft((heard.text, _doubt(heard)))
        return heard.text

    def doubt(self, text: str) -> Doubt:
        """Return how unsure it was of a text that it returned lately."""
        return next((doubt for said, doubt in self._lately if said == text), "none")


def _doubt(heard: Heard) -> Doubt:
    if heard.words < DOUBT_OF_WORDS:
        return "words"
    return "ending" if heard.confidence < DOUBT else "none"


def load(settings: Settings, free_words: Callable[[str], list[str] | None]) -> tuple[str, MoonshineRecogniser]:
    """Load the Moonshine that is meant, and return what clients are told of it, too. Raises `ModelError`.

    `free_words` is the brain's.
    """
    chosen = ears(settings)
    log.log(logging.WARNING if chosen.worse else logging.INFO, "Hears with Moonshine %s: %s", chosen.size, chosen.why)
    return chosen.name, MoonshineRecogniser(
        load_moonshine(settings.models_dir, chosen.size), Expected(free_words, LANGUAGE), settings.wake.phrases
    )
