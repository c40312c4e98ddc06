"""The echo in a simulated room: from the loudspeaker through the air, where it may move, and by a second path.

             ┌─ delay ─ distortion ─ room ─ gain ─┐
loudspeaker ─┤                                    (+)─ microphone
             └─ delay ─ gain ─────────────────────┘
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.simulation import acoustics
from device.simulation.scene import SLIP_MS

if TYPE_CHECKING:
    from device.simulation.scene import Move, Scene

ECHO_REVERB_DB = -6.0
"""The loudspeaker is nearer to its microphone than the walls are."""


class _Path(Struct):
    """One way through the air, `delay` frames long, and what the room makes of it."""

    delay: int
    echo_db: float
    response: NDArray[np.float32]
    room: acoustics.Convolver


class EchoPaths:
    """What the microphone hears of the loudspeaker in `scene`, at `rate` Hz, in blocks of `block` frames.

    For each block, `read` what is heard, and then `write` what plays: of the frames that come `ahead` of that block, so
    that an echo may begin sooner than a block after its sound. `rng` makes the rooms.
    """

    def __init__(self, scene: Scene, rate: int, block: int, rng: np.random.Generator) -> None:
        room = scene.room
        self._rate, self._block = rate, block
        self._clip, self._rt60, self._rng = room.clip, room.rt60, rng
        # So that what plays at loudspeaker_db, distorted as it is, comes back echo_db louder than visitors speak.
        self._loss = acoustics.saturation_loss(acoustics.ratio(room.loudspeaker_db), room.clip)
        self._level_db = scene.speech_db - room.loudspeaker_db
        self._moves = deque(scene.moves)
        self._clocks = deque(scene.clocks)
        self._jump = 0
        delay = self._frames(room.delay_ms / 1000)
        second = None if room.second_delay_ms is None else self._frames(room.second_delay_ms / 1000)
        least = self._frames(scene.least_ms / 1000)
        self.ahead = max(0, *(least - d for d in (delay, second) if d is not None))
        """How many frames before its time what plays must be known."""
        delays = [delay, second or delay]
        delays += [self._frames(move.delay_ms / 1000) for move in scene.moves if move.delay_ms is not None]
        jumps = [ms for fault in scene.faults if fault.kind == "jump" for ms in fault.range_ms]
        most = max(delays) - delay + max([0, *(self._frames(ms / 1000) for ms in jumps)])
        self._base = delay
        self._air = acoustics.DriftingDelay(
            delay + self.ahead,
            block,
            drift_ppm=room.drift_ppm,
            slip=self._frames(SLIP_MS / 1000),
            most_later=most,
        )
        self._path = self._new_path(delay, room.echo_db, None)
        self._next: _Path | None = None
        self._second = second
        self._second_gain = np.float32(acoustics.ratio(self._level_db + room.second_echo_db))

    def jump(self, frames: int) -> None:
        """Have every echo come so many frames later than it would (negative: earlier), from now on."""
        self._jump = frames

    def read(self, frame: int) -> NDArray[np.float32]:
        """Return what is heard in the block from the room's `frame` on."""
        while self._clocks and self._frames(self._clocks[0].at) < frame + self._block:
            self._air.drift(self._clocks.popleft().drift_ppm)
        heard = self._hear(self._path)
        if self._moves:
            heard = self._move(self._moves[0], frame, heard)
        if self._second is not None:
            heard = heard + self._read(self._second) * self._second_gain
        return heard

    def write(self, played: NDArray[np.float32]) -> None:
        """Take the block that the loudspeaker plays `ahead` frames after the one that was read last."""
        self._air.write(played)

    def _move(self, move: Move, frame: int, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """Fade what is heard into what is heard after a move, if it is time."""
        end = self._frames(move.at)
        fade = max(1, self._frames(move.over))
        into = (frame + np.arange(1, self._block + 1) - (end - fade)) / fade
        if into[-1] <= 0:
            return heard
        if self._next is None:
            path = self._path
            self._next = self._new_path(
                path.delay if move.delay_ms is None else self._frames(move.delay_ms / 1000),
                path.echo_db if move.echo_db is None else move.echo_db,
                None if move.other_room else path.response,
            )
        part = np.clip(into, 0, 1).astype(np.float32)
        heard = heard * (1 - part) + self._hear(self._next) * part
        if into[-1] >= 1:
            self._path, self._next = self._next, None
            self._moves.popleft()
        return heard

    def _new_path(self, delay: int, echo_db: float, response: NDArray[np.float32] | None) -> _Path:
        if response is None:
            response = acoustics.impulse_response(self._rate, self._rt60, ECHO_REVERB_DB, self._rng)
        gain = acoustics.ratio(self._level_db + echo_db) / self._loss
        return _Path(delay, echo_db, response, acoustics.Convolver(response * np.float32(gain), self._block))

    def _hear(self, path: _Path) -> NDArray[np.float32]:
        return path.room.process(acoustics.saturate(self._read(path.delay), self._clip))

    def _read(self, delay: int) -> NDArray[np.float32]:
        return self._air.read(delay - self._base + self._jump)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._rate)
