"""Has a text spoken by the local engine's voice, in a process of its own, whatever engine there is and if none is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device.daemon import helper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Speak = Callable[[str], Awaitable["Speech | None"]]
    """Has a text spoken; None if that is not possible."""

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 60.0
"""How long it may take: a choice: a voice is loaded from a slow card, and nothing else waits for it."""
_FASTEST: Final = 384_000
"""Hz: no voice has more."""


@dataclass(frozen=True)
class Speech:
    """What was spoken, (n,) int16 mono, and its rate in Hz."""

    pcm: NDArray[np.int16]
    rate: int


class Reader:
    """Has texts spoken; `config` is the settings file, if one was named."""

    def __init__(self, config: Path | None = None) -> None:
        self._command = helper.module("device.local.read_aloud", *([str(config)] if config else []))

    async def speak(self, text: str) -> Speech | None:
        """Return the speech for a text; None, and a line in the log, if it cannot be had."""
        try:
            out = await helper.ask(self._command, text.encode(), timeout_s=TIMEOUT_S)
        except helper.HelperError as error:
            _log.warning("What is to be said is not spoken: %s", error)
            return None
        head, _, pcm = out.partition(b"\n")
        if not head.isdigit() or not 0 < int(head) <= _FASTEST:
            _log.warning("What is to be said is not spoken: what came is no speech")
            return None
        return Speech(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16), int(head))
