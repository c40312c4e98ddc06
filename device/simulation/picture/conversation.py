"""A conversation in a room as `conversation.html`: what happened, by the ledger, over what was recorded.

`data/picture/picture.js` draws it, and says what it takes; here is what a room knows.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import UNSET, Struct, UnsetType, to_builtins

from device.sample_clock import CLOCK_RATE
from device.simulation.correlation import at_clock_rate
from device.simulation.picture import adpcm
from device.simulation.picture.document import document, modules
from device.system.harmless import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from device.conversation.entries import Entry
    from device.simulation.recording import Tracks
    from device.simulation.summary import Summary
    from device.simulation.visitors import Visit

LEVELS_PER_S: Final = 200
"""Of a waveform: 5 ms each, so that a syllable has a shape when a second is as wide as the screen."""
MOST_LEVELS: Final = 120_000
"""Of each waveform, as many as ten minutes have; a longer conversation has a coarser one."""
LONGEST_SOUND_S: Final = 600
"""A longer conversation has no sound: with three tracks, ten minutes are 20 MB at most."""
LONGEST_TEXT: Final = 4000
"""Characters of a text that are kept, twice what is shown of it; the ledger has all of it."""
_FULL_SCALE: Final = 32768.0


class Spoken(Struct, frozen=True):
    """What a visitor said, from when until when, in seconds."""

    label: str
    text: str
    start: float
    end: float


class Waveforms(Struct, frozen=True):
    """How loud each track is: a byte for every `1 / rate` seconds, base64."""

    rate: float
    tracks: dict[str, str]


class Sound(Struct, frozen=True):
    """Each track, `samples` at `rate`, packed (`adpcm`), zipped, base64; `steps` is what unpacking takes."""

    rate: int
    samples: int
    steps: tuple[int, ...]
    tracks: dict[str, str]


class Picture(Struct, frozen=True, omit_defaults=True):
    """What `picture.js` draws. Times are in seconds on the scene's clock."""

    title: str
    seconds: float
    events: list[dict[str, Any]]
    """The ledger's lines."""
    visits: list[Spoken]
    waveforms: Waveforms
    measured: dict[str, Any]
    sound: Sound | UnsetType = UNSET
    note: str = ""


def write(summary: Summary, tracks: Tracks, visits: Iterable[Visit], entries: Iterable[Entry]) -> bytes:
    """Return `conversation.html`; about a megabyte a minute."""
    script = modules("picture") + (
        '\ndraw(document.querySelector("main"), JSON.parse(document.getElementById("data").textContent));\n'
    )
    return document(
        f"{summary.scene}: a conversation",
        "<main><noscript>A script draws the picture: allow it to run.</noscript></main>",
        styles=("theme.css", "document.css", "picture.css"),
        script=script,
        data=picture(summary, tracks, visits, entries),
    )


def picture(summary: Summary, tracks: Tracks, visits: Iterable[Visit], entries: Iterable[Entry]) -> Picture:
    """Return what there is to draw of a conversation that was recorded as `tracks`.

    `visits` are the room's; `entries` are the ledger's in order, by the scene's clock.
    """
    sounds = {
        name: _pcm(at_clock_rate(track, tracks.rate))
        for name, track in (
            ("visitors", tracks.visitors),
            ("microphone", tracks.microphone),
            ("loudspeaker", tracks.loudspeaker),
        )
    }
    short = tracks.seconds <= LONGEST_SOUND_S
    return Picture(
        title=clipped(summary.scene),
        seconds=round(tracks.seconds, 3),
        events=[clipped(entry.line()) for entry in entries],
        visits=[
            Spoken(clipped(v.label), clipped(v.text), _seconds(v.onset, tracks), _seconds(v.offset, tracks))
            for v in visits
        ],
        waveforms=waveforms(sounds),
        measured=clipped({"turns": to_builtins(summary.turns), "restored": to_builtins(summary.restored)}),
        sound=packed(sounds) if short else UNSET,
        note=""
        if short
        else f"It is longer than {LONGEST_SOUND_S // 60} minutes: its sound is in conversation.wav alone.",
    )


def waveforms(sounds: dict[str, NDArray[np.int16]]) -> Waveforms:
    """Return how loud tracks at the clock's rate are: the square root of the loudest sample of each piece.

    By it, what is soft can be seen: 1 % of full scale is a tenth of the height.
    """
    longest = max(map(len, sounds.values()))
    piece = max(CLOCK_RATE // LEVELS_PER_S, -(-longest // MOST_LEVELS))
    return Waveforms(CLOCK_RATE / piece, {name: _base64(_levels(pcm, piece)) for name, pcm in sounds.items()})


def packed(sounds: dict[str, NDArray[np.int16]]) -> Sound:
    """Return tracks at the clock's rate as what `sound.js` unpacks; they are equally long."""
    samples = len(next(iter(sounds.values())))
    tracks = {name: _base64(gzip.compress(adpcm.pack(pcm), mtime=0)) for name, pcm in sounds.items()}
    return Sound(CLOCK_RATE, samples, adpcm.STEPS, tracks)


def clipped(value: Any) -> Any:
    """Return builtins of which no text is longer than `LONGEST_TEXT`, nor holds what is no text."""
    match value:
        case str():
            return plain(value[:LONGEST_TEXT]) + ("…" if len(value) > LONGEST_TEXT else "")
        case dict():
            return {key: clipped(inner) for key, inner in value.items()}
        case list():
            return [clipped(inner) for inner in value]
    return value


def _levels(pcm: NDArray[np.int16], piece: int) -> bytes:
    padded = np.zeros(-(-len(pcm) // piece) * piece, np.int32)
    padded[: len(pcm)] = np.abs(pcm.astype(np.int32))
    loudest = padded.reshape(-1, piece).max(axis=1)
    return bytes(np.round(255 * np.sqrt(loudest / _FULL_SCALE)).astype(np.uint8))


def _pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


def _seconds(frame: int, tracks: Tracks) -> float:
    return round(frame / tracks.rate, 3)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
