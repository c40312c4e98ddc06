"""Things to put into a simulated room."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Any

import numpy as np

from device.simulation import recording
from device.simulation.recording import Recording, Tracks
from device.simulation.room import Room
from device.simulation.scene import Acoustics, Scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


QUIET = Acoustics(noise_db=-np.inf, echo_db=-np.inf)
"""No noise, and no echo."""


class Tape:
    """A loudspeaker source that plays `pcm`, `(n,) int16`, from the card's frame `start` on, and then nothing."""

    def __init__(self, pcm: NDArray[np.int16] | None = None, start: int = 0) -> None:
        self.pcm = np.zeros(0, np.int16) if pcm is None else pcm
        self.start = start

    def render(self, out: NDArray[np.int16], position: int) -> None:
        out.fill(0)
        begin, end = max(position, self.start), min(position + len(out), self.start + len(self.pcm))
        if begin < end:
            out[begin - position : end - position] = self.pcm[begin - self.start : end - self.start]

    def skip(self, frames: int) -> None:
        pass


def white(frames: int, dbfs: float, seed: int = 0) -> NDArray[np.int16]:
    """White noise, (n,) int16."""
    made = np.random.default_rng(seed).standard_normal(frames) * 32768 * 10 ** (dbfs / 20)
    return np.clip(made.round(), -32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], rate: int, width: int = 2) -> Path:
    """Write `(n,)` or `(n, channels)` int16 samples as a WAV file of `width` bytes a sample."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        wide = samples.astype("<i2") if width == 2 else samples.astype("<i4")
        file.writeframes(wide.tobytes())
    return path


def room_of(seconds: float = 2.0, acoustics: Acoustics = QUIET, **rest: Any) -> Scene:
    """Return a scene of so many seconds in such a room."""
    return Scene(seconds=seconds, name="test", room=acoustics, **rest)


def changed(acoustics: Acoustics, **keys: Any) -> Acoustics:
    """Return `acoustics` with some keys of other values."""
    return Acoustics(**{f: getattr(acoustics, f) for f in acoustics.__struct_fields__} | keys)


def play(scene: Scene, tmp_path: Path, pcm: NDArray[np.int16] | None = None, **keys: Any) -> tuple[Room, Tracks]:
    """Step through a whole scene in which the device plays `pcm`."""
    path = tmp_path / "conversation.wav"
    with Recording(path, keys.get("rate") or scene.room.rate) as made:
        room = Room(scene, pace="step", recording=made, **keys)
        room.open(Tape(pcm))
        while room.step(10):
            pass
        room.close()
    return room, recording.load(path)


def lag_of(later: NDArray[np.int16], earlier: NDArray[np.int16]) -> int:
    """Return by how many frames `later` is behind `earlier`, by cross-correlation."""
    size = 2 * len(later)
    product = np.fft.rfft(later.astype(float), size) * np.conj(np.fft.rfft(earlier.astype(float), size))
    return int(np.argmax(np.fft.irfft(product)[: len(later)]))
