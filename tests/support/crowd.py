"""People who live with the device for hours: they ask, interrupt, agree, fall silent. What they do goes by a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.listen.wake_word import Detection
from device.simulation.room import Room
from device.simulation.visitors import Visitors

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.conversation.events import EchoKind
    from device.simulation.scene import Scene

RATE: Final = 16_000
TONE_HZ = 1000
LEVEL = 32768 * 10 ** (-26 / 20)


def tone(ms: int) -> NDArray[np.float32]:
    """The wake word of these people, (n,) float32."""
    t = np.arange(ms * RATE // 1000)
    wave: NDArray[np.float64] = np.sin(2 * np.pi * TONE_HZ * t / RATE)
    return (wave * 0.07).astype(np.float32)


def words(ms: int, seed: int) -> NDArray[np.float32]:
    """Something said, (n,) float32: noise without the tone of the wake word."""
    n = ms * RATE // 1000
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    spectrum[(hertz < 150) | (hertz > 3000) | (np.abs(hertz - TONE_HZ) < 150)] = 0
    said = np.fft.irfft(spectrum, n)
    said *= 0.05 / np.sqrt(np.mean(said**2))
    return said.astype(np.float32)


class ToneDetector:
    """Detects the tone as openWakeWord does words: once, in frames of 80 ms."""

    FRAME = 1280
    echo: EchoKind = "none"
    near = False
    resting = False

    def __init__(self) -> None:
        t = np.arange(self.FRAME)
        self._wave = np.exp(-2j * np.pi * TONE_HZ * t / RATE).astype(np.complex64)
        self._rest = np.zeros(0, np.int16)
        self._position = 0
        self._run = 0

    def push(self, block: NDArray[np.int16]) -> Sequence[Detection]:
        self._rest = np.concatenate((self._rest, block))
        found = []
        while len(self._rest) >= self.FRAME:
            frame, self._rest = self._rest[: self.FRAME].astype(np.float32), self._rest[self.FRAME :]
            self._position += self.FRAME
            amplitude = abs(frame @ self._wave) * 2 / self.FRAME
            self._run = self._run + 1 if amplitude > 900 and amplitude**2 > np.mean(frame**2) else 0
            if self._run == 5:
                found.append(Detection("tone", 0.9, self._position))
        return found


class LoudnessDetector:
    """Takes what is loud for voice."""

    LOUD = 32768 * 10 ** (-42 / 20)

    def probability(self, block: NDArray[np.int16]) -> float:
        frame = block.astype(np.float32)
        return 0.9 if frame @ frame > len(frame) * self.LOUD**2 else 0.0

    def reset(self) -> None:
        pass


class Crowd(Visitors):
    """In place of a scene's visitors; positions are frames at 16 kHz. `tell` is told of all that is said, and when."""

    def __init__(self, rng: random.Random, tell: Callable[[int, str], None] = lambda _at, _what: None) -> None:
        self.rng = rng
        self._tell = tell
        self.hush = False
        """True while nobody says anything."""
        self.asked: list[tuple[int, int]] = []
        """The questions that must reach the engine: where each begins (after the wake word) and ends."""
        self.muttered: list[tuple[int, int]] = []
        """What was said over a reply, too short to interrupt it."""
        self.interruptions = 0
        self._state, self._since = "asleep", 0
        self._plan_at: int | None = None
        self._active: list[tuple[int, NDArray[np.float32]]] = []
        self._busy_until = 0
        self._now = 0
        self._wake = tone(600)
        self._questions = [words(ms, ms) for ms in (900, 1200, 1500, 1900, 2400)]
        self._mutters = [words(ms, ms) for ms in (120, 160, 200)]

    @property
    def waiting(self) -> list[str]:
        """Nobody waits for a moment of their own."""
        return []

    def notify(self, state: str, frame: int) -> None:
        self._state, self._since = state, frame
        self._plan_at = self._choose(frame)

    def render(self, start: int, n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self._now = start
        if self._plan_at is None and self._state == "asleep" and not self.hush:
            self._plan_at = self._choose(start)
        if self._plan_at is not None and start >= max(self._plan_at, self._busy_until) and not self.hush:
            self._plan_at = None
            self._act(start)
        out = np.zeros(n, np.float32)
        for at, sound in self._active:
            first, last = max(0, at - start), min(n, at + len(sound) - start)
            if first < last:
                out[first:last] += sound[start + first - at : start + last - at]
        if self._active and start > self._busy_until:
            self._active.clear()
        return out, out.copy()

    def _choose(self, at: int) -> int | None:
        """Return when to say something next, if at all."""
        rng = self.rng
        seconds = {
            "asleep": rng.uniform(2.0, 25.0),
            "listening": rng.uniform(0.0, 5.0) if rng.random() < 0.7 else None,
            "speaking": rng.uniform(0.0, 4.0) if rng.random() < 0.5 else None,
            "thinking": rng.uniform(0.0, 1.0) if rng.random() < 0.05 else None,
            "fault": rng.uniform(1.0, 5.0),
        }.get(self._state)
        return None if seconds is None else at + int(seconds * RATE)

    def _act(self, at: int) -> None:
        rng = self.rng
        if self._state in ("asleep", "fault"):
            self._say(at, self._wake, "the wake word")
            pause = rng.choice((0.0, 0.0, 0.05, 0.7, 1.5))
            self._ask(at + len(self._wake) + int(pause * RATE))
        elif self._state == "speaking" and rng.random() < 0.4:
            sound = rng.choice(self._mutters)
            self._say(at, sound, "a mutter")
            self.muttered.append((at, at + len(sound)))
        elif self._state == "speaking" and rng.random() < 0.2:
            self.interruptions += 1
            self._say(at, self._wake, "the wake word")
            self._ask(at + len(self._wake))
        elif self._state in ("listening", "thinking", "speaking"):
            self.interruptions += self._state == "speaking"
            self._ask(at)

    def _ask(self, at: int) -> None:
        sound = self.rng.choice(self._questions)
        self._say(at, sound, "a question")
        self.asked.append((at, at + len(sound)))

    def _say(self, at: int, sound: NDArray[np.float32], what: str) -> None:
        self._tell(at, f"{what}, {len(sound) / RATE:g} s, in the state {self._state}")
        self._active.append((at, sound))
        self._busy_until = max(self._busy_until, at + len(sound))


class Home(Room):
    """A room in which a crowd lives."""

    def __init__(self, scene: Scene, crowd: Crowd) -> None:
        super().__init__(scene, pace="step")
        self._visitors = crowd
