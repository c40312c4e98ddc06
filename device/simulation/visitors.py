"""Visitors to a simulated room: what they say, when, and what of it the microphone hears."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio import clips
from device.audio.measure import FULL_SCALE, speech_bounds, speech_level
from device.simulation import acoustics
from device.simulation.scene import SceneError, Visitor, wake_phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.simulation.scene import Scene


class Visit(Struct, frozen=True):
    """What a visitor said, and when; in frames of the room."""

    label: str
    text: str
    start: int
    end: int
    """Start and end of the sound."""
    onset: int
    offset: int
    """Start and end of the speech in it, silence trimmed, on the visitor track."""
    wake_end: int | None = None
    """Where the wake word ends, if it begins with one and that is known."""


class _Utterance(Struct):
    """What a visitor will say, as float samples, and where the speech in it is."""

    visitor: Visitor
    clean: NDArray[np.float32]
    heard: NDArray[np.float32]
    bounds: tuple[int, int]
    wake_end: int | None
    start: int | None = None


class Visitors:
    """The visitors of `scene`, in a room with the impulse response `response(reverb_db)`, `(n,) float32` at `rate`.

    Raises SceneError for a sound that cannot be had.
    """

    def __init__(self, scene: Scene, rate: int, response: Callable[[float], NDArray[np.float32]]) -> None:
        self.visits: list[Visit] = []
        """What they said so far, each from when it begins, in the order of time."""
        self._rate = rate
        usual = response(scene.room.visitor_reverb_db)
        self._utterances = [
            _utterance(visitor, rate, usual if visitor.reverb_db is None else response(visitor.reverb_db))
            for visitor in scene.visitors
        ]
        self._news: deque[tuple[str, int]] = deque()
        self._happened: list[tuple[str, int]] = []

    @property
    def waiting(self) -> list[str]:
        """The names of those who have not begun."""
        return [u.visitor.name for u in self._utterances if u.start is None]

    def notify(self, state: str, frame: int) -> None:
        """Say that `state` was entered at `frame`. From any thread."""
        self._news.append((state, frame))

    def render(self, start: int, n: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what visitors say in `n` frames from `start`: clean, and as the room lets it be heard."""
        while self._news:
            self._happened.append(self._news.popleft())
        clean, heard = np.zeros(n, np.float32), np.zeros(n, np.float32)
        for index, utterance in enumerate(self._utterances):
            if utterance.start is None and (due := self._due(index)) is not None and due < start + n:
                self._begin(utterance, max(due, start))
            if utterance.start is not None:
                _add(clean, utterance.clean, utterance.start - start)
                _add(heard, utterance.heard, utterance.start - start)
        return clean, heard

    def _due(self, index: int) -> int | None:
        """Return the frame at which a visitor shall begin, if that can be told by now."""
        visitor = self._utterances[index].visitor
        if visitor.at is not None:
            return round(visitor.at * self._rate)
        since = 0
        if index:
            before = self._utterances[index - 1]
            if before.start is None:
                return None
            end = before.start + before.bounds[1]
            if visitor.after == "visitor":
                return end + round(visitor.plus * self._rate)
            since = end if visitor.after == "reply_end" else before.start + before.bounds[0]
        happened = [frame for state, frame in self._happened if state == visitor.after and frame >= since]
        if len(happened) < visitor.nth:
            return None
        return sorted(happened)[visitor.nth - 1] + round(visitor.plus * self._rate)

    def _begin(self, utterance: _Utterance, start: int) -> None:
        utterance.start = start
        onset, offset = (start + bound for bound in utterance.bounds)
        wake_end = None if utterance.wake_end is None else start + utterance.wake_end
        end = start + len(utterance.clean)
        visitor = utterance.visitor
        self.visits.append(Visit(visitor.name, visitor.text, start, end, onset, offset, wake_end))


def _utterance(visitor: Visitor, rate: int, response: NDArray[np.float32]) -> _Utterance:
    wake_end = None if visitor.wake_end is None else round(visitor.wake_end * rate)
    try:
        if visitor.text:
            clip = clips.speak(visitor.text, visitor.voice, visitor.words_per_minute)
            if wake_end is None and (phrase := wake_phrase(visitor.text)):
                alone = clips.speak(phrase, visitor.voice, visitor.words_per_minute).at(rate)
                wake_end = _bounds(alone, rate)[1]
        else:
            clip = clips.read_wav(Path(visitor.wav))
    except clips.ClipError as error:
        raise SceneError(str(error)) from error
    samples = clip.at(rate)
    samples = samples * np.float32(acoustics.ratio(visitor.level_db - speech_level(samples * FULL_SCALE, rate)))
    return _Utterance(visitor, samples, acoustics.convolve(samples, response), _bounds(samples, rate), wake_end)


def _bounds(samples: NDArray[np.float32], rate: int) -> tuple[int, int]:
    return speech_bounds(samples * FULL_SCALE, rate) or (0, len(samples))


def _add(to: NDArray[np.float32], sound: NDArray[np.float32], at: int) -> None:
    """Add `sound`, whose first frame belongs at `to[at]`, as far as it is within `to`."""
    first, last = max(0, at), min(len(to), at + len(sound))
    if first < last:
        to[first:last] += sound[first - at : last - at]
