"""Another program that plays on the same loudspeaker as the assistant, and can be lowered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.audio import clips
from device.audio.music.programs import LOWERED_DB
from device.simulation import acoustics
from device.simulation.scene import SceneError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.simulation.scene import Scene


class Music:
    """What the program of `scene` plays at `rate` Hz, again and again. Raises SceneError if it cannot be had."""

    def __init__(self, scene: Scene, rate: int, block: int) -> None:
        room = scene.room
        try:
            samples = clips.read_wav(Path(room.music)).at(rate)
        except clips.ClipError as error:
            raise SceneError(str(error)) from error
        loudness = acoustics.ratio(room.loudspeaker_db + room.music_db - room.echo_db)
        samples = samples * np.float32(loudness / np.sqrt(np.mean(samples**2)))
        self.lowered = False
        self._length = len(samples)
        self._samples = np.resize(samples, len(samples) + block)
        self._gain = np.float32(1)

    def tell(self, talking: bool) -> None:  # noqa: FBT001 - what a watcher tells
        """Play softly from the next block on, or as loud as at first."""
        self.lowered = talking

    def play(self, frame: int, frames: int) -> NDArray[np.float32]:
        """Return what is played in `frames` from `frame` on, at most a block; full scale is 1."""
        gain = np.float32(acoustics.ratio(LOWERED_DB) if self.lowered else 1)
        before, self._gain = self._gain, gain
        at = frame % self._length
        played: NDArray[np.float32] = self._samples[at : at + frames] * np.linspace(
            before, gain, frames, dtype=np.float32
        )
        return played
