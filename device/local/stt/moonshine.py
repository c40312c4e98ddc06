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
    from collections.abc import Callable, Collection

    import numpy as np
    from numpy.typing import NDArray

    from device.listen.moonshine import Moonshine
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
_LATELY: Final = 16
"""Doubtful texts that are remembered: as many as there may be sessions that pause at once, and some."""


class MoonshineRecogniser:
    """A `Recogniser` that, of what is nearly as likely, takes what can be understood."""

    def __init__(self, moonshine: Moonshine, expected: Expected) -> None:
        self._moonshine = moonshine
        self._expected = expected
        self._doubtful: deque[str] = deque(maxlen=_LATELY)

    def warm_up(self) -> None:
        """Run once on silence."""
        self._moonshine.warm_up()

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is. `names` are expected in it."""
        heard = self._moonshine.hear(pcm, self._expected.among(names))
        if heard.text and heard.confidence < DOUBT:
            self._doubtful.append(heard.text)
        return heard.text

    def doubts(self, text: str) -> bool:
        """Return whether it was unsure of a text that it returned lately."""
        return text in self._doubtful


def load(settings: Settings, free_words: Callable[[str], list[str] | None]) -> tuple[str, MoonshineRecogniser]:
    """Load the Moonshine that is meant, and return what clients are told of it, too. Raises `ModelError`.

    `free_words` is the brain's.
    """
    chosen = ears(settings)
    log.log(logging.WARNING if chosen.worse else logging.INFO, "Hears with Moonshine %s: %s", chosen.size, chosen.why)
    return chosen.name, MoonshineRecogniser(
        load_moonshine(settings.models_dir, chosen.size), Expected(free_words, LANGUAGE)
    )
