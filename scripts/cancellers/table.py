"""What cancellers are compared on, and the table of what comes of it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE
from device.bench import sounds
from device.bench.echo.cards import JUMPS, Taped, cards, tape
from device.bench.echo.faults import PLACES
from device.bench.echo.judge import cancel, judge, judge_card
from device.bench.echo.rooms import Scene, build, pcm
from device.bench.echo.run import ROOMS, voices
from device.bench.result import percentile
from device.sample_clock import CLOCK_RATE
from scripts.cancellers import others

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "Parley"
CARDS = ("delay of 20 ms", "delay of 400 ms", JUMPS, "stalls that are told", "… not told")
LATEST = CLOCK_RATE // 10
"""An output is late by so many samples at the most."""
COLUMNS = (
    "", "ERLE", "SDR", "15 dB gone after", "in another room", "ERLE, echo after 400 ms",
    "found after a jump: median; p90", "after a stall: p90", "untold: p90", "CPU",
)  # fmt: skip


class Track(Struct, frozen=True):
    """What a canceller is given."""

    played: NDArray[np.int16]
    heard: NDArray[np.int16]
    missing: NDArray[np.bool_] | None = None


class Recordings(Struct, frozen=True):
    """What is played and heard."""

    rooms: list[Scene]
    cards: dict[str, list[Taped]]

    @property
    def all(self) -> list[Track]:
        """One after the other: the rooms, their visitors alone, and the cards."""
        alone = [Track(np.zeros_like(room.played), pcm(room.visitor)) for room in self.rooms]
        return [
            *(Track(room.played, room.heard) for room in self.rooms),
            *alone,
            *(Track(one.played, one.heard, one.missing) for some in self.cards.values() for one in some),
        ]


class Row(Struct, frozen=True):
    """What came of a canceller. Times in seconds; CPU in seconds a second."""

    name: str
    erle: float
    sdr: float
    convergence: float
    reconvergence: float
    late_erle: float
    jump: tuple[float, float]
    """How soon an echo is found that jumped, the median and p90."""
    stall: float
    untold: float
    cpu: float


def record(*, quick: bool) -> Recordings:
    """Return the recordings: an echo as loud as a visitor in six rooms, and cards that go wrong in two."""
    found = sounds.load()
    replies, sentences = voices(found, "replies"), voices(found, "interruptions")
    rooms = [place for place in ROOMS if place.echo_db == 0][:: 3 if quick else 1]
    tried = cards(PLACES[:1] if quick else PLACES)
    return Recordings(
        [build(place, replies, sentences) for place in rooms],
        {name: [tape(card, replies) for card in tried[name]] for name in CARDS},
    )


def ours(recordings: Recordings) -> Row:
    """Return what comes of Parley's own canceller."""
    began = time.process_time()
    left = [cancel(one.played, one.heard, one.missing).clean for one in recordings.all]
    return row(OURS, recordings, left, time.process_time() - began)


def other(name: str, python: Path, recordings: Recordings) -> Row | None:
    """Return what comes of another canceller, run by the `python` of its environment; None if it cannot be had.

    Raises CalledProcessError if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        given, got = Path(folder) / "in.npz", Path(folder) / "out.npz"
        # Arrays; but `savez` has a keyword of its own that is none.
        tracks: dict[str, Any] = {f"heard{n}": one.heard for n, one in enumerate(recordings.all)}
        tracks |= {f"played{n}": one.played for n, one in enumerate(recordings.all)}
        np.savez(given, **tracks)
        done = subprocess.run([python, others.__file__, name, given, got], check=False)  # noqa: S603 - our own file
        if done.returncode == others.LACKING:
            return None
        done.check_returncode()
        out = np.load(got)
        left = [out[f"left{n}"] for n in range(len(recordings.all))]
        return row(name, recordings, left, float(out["cpu"]))


def row(name: str, recordings: Recordings, left: Sequence[NDArray[np.int16]], cpu: float) -> Row:
    """Judge what is `left` of each of the recordings.

    A visitor is held against what the canceller makes of the same voice when nothing is played: filters that most have
    turn the phases of a voice, and cost nobody a word.
    """
    rooms = len(recordings.rooms)
    late = lateness(recordings.rooms, left[rooms : 2 * rooms])
    left = [np.concatenate((one[late:], np.zeros(late, np.int16))) for one in left]
    judged = [
        judge(replace(scene, visitor=alone.astype(np.float32) / np.float32(FULL_SCALE)), out)
        for scene, out, alone in zip(recordings.rooms, left, left[rooms:], strict=False)
    ]
    rest = iter(left[2 * rooms :])
    of = {kind: [judge_card(taped, next(rest)) for taped in some] for kind, some in recordings.cards.items()}
    seconds = sum(len(one.heard) for one in recordings.all) / CLOCK_RATE

    def again(kind: str, q: float = 90) -> float:
        return percentile([one for found in of[kind] for one in found.again], q)

    return Row(
        name,
        percentile([one.erle for one in judged], 50),
        percentile([one.sdr for one in judged], 50),
        percentile([one.convergence for one in judged], 50),
        percentile([one.reconvergence for one in judged], 50),
        percentile([found.erle for found in of["delay of 400 ms"]], 50),
        (again(JUMPS, 50), again(JUMPS)),
        again("stalls that are told"),
        again("… not told"),
        cpu / seconds,
    )


def lateness(scenes: Sequence[Scene], alone: Sequence[NDArray[np.int16]]) -> int:
    """Return by how many samples an output is late, by what it has of visitors who are alone: the median."""
    found = []
    for scene, out in zip(scenes, alone, strict=True):
        for start, end in scene.sentences:
            voice, there = scene.visitor[start:end], out[start : end + LATEST].astype(np.float32)
            size = 2 * len(there)
            product = np.fft.irfft(np.fft.rfft(there, size) * np.conj(np.fft.rfft(voice, size)), size)
            found.append(int(np.argmax(product[:LATEST])))
    return round(percentile(found, 50)) if found else 0


def markdown(rows: Sequence[Row]) -> str:
    """Return the table, ready for a README."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|---{'|---:' * (len(COLUMNS) - 1)}|"]
    for one in rows:
        cells = [
            *(f"{value:.1f} dB" for value in (one.erle, one.sdr)),
            *(_seconds(value) for value in (one.convergence, one.reconvergence)),
            f"{one.late_erle:.1f} dB",
            "; ".join(map(_seconds, one.jump)),
            *(_seconds(value) for value in (one.stall, one.untold)),
            f"{one.cpu:.3f} s/s",
        ]
        lines.append(f"| {one.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if np.isfinite(value) else "never"
