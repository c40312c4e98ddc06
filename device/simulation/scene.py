"""Scene files: what happens in a simulated room.

A scene is a TOML file; WAV files, and folders of them, are named relative to it. Bundled scenes are found by name.
Every key has its meaning beside it. A person by recordings in a folder `anna` beside the scene, over a reply:

    [[visitor]]
    after = "speaking"
    plus = 1.5
    folder = "anna"
"""

from __future__ import annotations

import re
from itertools import cycle, pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec
import numpy as np
from msgspec import Meta, Struct, field

from device.audio.card.base import BLOCK_MS
from device.audio.clips import ClipError, read_wav, speak
from device.data import DATA
from device.simulation.acoustics import COLOURS
from device.simulation.faults import Fault, Kind
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENES = DATA / "scenes"
"""Where the bundled scenes are."""
SLIP_MS = 20
"""How far the echo's delay drifts before the driver of two unequal clocks drops or repeats a buffer."""
USUAL_SPEECH_DBFS = -26.0
"""Of visitors, where the scene says nothing else: a choice, as ITU-T P.830 has codecs tried with speech 26 dB below
overload."""
_WAKE_PHRASE = re.compile(r"\W*(hey[ ,]+(?:jarvis|mycroft|rhasspy)|alexa)\b[,.!?]?", re.IGNORECASE)

Decibel = Annotated[float, Meta(le=0)]
Seconds = Annotated[float, Meta(ge=0)]
State = Literal[
    "asleep", "connecting", "listening", "thinking", "speaking", "overlap", "muted", "fault", "ringing",
    "reply_end", "visitor",
]  # fmt: skip
"""What a visitor can wait for: a state of the conversation, a ringing timer, the end of a reply's playout
(`reply_end`), or the end of what the visitor before it said (`visitor`)."""


class SceneError(Exception):
    """A scene cannot be played; the message names the file and the key and says what would do."""


Rate = Literal[16_000, 24_000, 48_000]
Action = Literal["unplug", "plug"]
_CHOICES = {
    key: ", ".join(map(str, get_args(choice)))
    for key, choice in (("after", State), ("rate", Rate), ("action", Action), ("kind", Kind))
}


class Table(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A table of a scene file."""


class Acoustics(Table, frozen=True):
    """`[room]`: the room and the card in it."""

    rate: Rate = 48_000
    """Hz of the simulated card."""
    rt60: Annotated[float, Meta(ge=0, le=3)] = 0.3
    """Seconds in which the reverberation falls by 60 dB; 0: no reverberation."""
    delay_ms: Annotated[float, Meta(ge=0, le=1000)] = 40.0
    """Loudspeaker → microphone, the microphone's buffer included."""
    latency_ms: Annotated[float, Meta(ge=0, le=500)] = 20.0
    """The card's output latency: callback → loudspeaker. Its buffers, which are as long, can be changed by faults."""
    latency_told: bool = True
    """Whether the card tells what has become of its latency, smoothed as PortAudio's is; else the device knows only
    `latency_ms`."""
    losses_told: bool = True
    """Whether the card tells how much was lost by faults; else the device's clock falls behind the room's."""
    losses_error_ms: Annotated[float, Meta(ge=0, le=100)] = 0.0
    """By how much what it tells may be wrong, at random: a card counts by the time of day what it was not given."""
    echo_db: float = 0.0
    """Level of the echo at the microphone relative to the visitors' speech (their median `level_db`), when what plays
    has an RMS of `loudspeaker_db`; -inf: headphones."""
    second_delay_ms: Annotated[float, Meta(ge=0, le=1000)] | None = None
    """The same for an echo that comes a second time, undistorted and without a room: a sound server's monitor."""
    second_echo_db: float = -6.0
    """Level of the second echo, as `echo_db` is."""
    loudspeaker_db: Decibel = -24.0
    """dBFS RMS on the loudspeaker track at which the echo has its level: about that of a reply at the usual volume."""
    clip: Annotated[float, Meta(gt=0)] = 0.25
    """What the loudspeaker cannot exceed, as a part of full scale; inf: a loudspeaker without distortion."""
    music: str = ""
    """A WAV file that another program plays on the same loudspeaker, again and again; "": none does."""
    music_db: float = 0.0
    """Level of it at the microphone relative to the visitors' speech, as `echo_db` is, while it is not lowered."""
    music_known: bool = True
    """Whether a sound server's monitor tells the device what it plays."""
    noise_db: Decibel = -60.0
    """dBFS RMS of the noise floor; -inf: none."""
    noise: str = "pink"
    """white, pink, brown, or a WAV file that is looped."""
    visitor_reverb_db: float = -10.0
    """Energy of the room's response to visitors relative to their direct sound; -inf: none."""
    drift_ppm: Annotated[float, Meta(ge=-1000, le=1000)] = 0.0
    """How much faster the microphone's clock runs than the loudspeaker's, in millionths: the echo's delay grows by
    that much, and jumps back when it has moved by 20 ms."""
    seed: Annotated[int, Meta(ge=0)] = 0
    """Of everything random. The same seed makes the same room."""

    def __post_init__(self) -> None:
        """Check what concerns more than one key. Raises ValueError."""
        if any(map(np.isnan, (self.echo_db, self.second_echo_db, self.visitor_reverb_db))):
            raise ValueError("echo_db, second_echo_db and visitor_reverb_db must be numbers or -inf, not nan")
        for key, delay in (("delay_ms", self.delay_ms), ("second_delay_ms", self.second_delay_ms)):
            if delay is not None and delay + self.latency_ms < self.least_ms:
                raise ValueError(
                    f"{key} and latency_ms must come to {self.least_ms} or more with drift_ppm = {self.drift_ppm:g}"
                )

    @property
    def least_ms(self) -> int:
        """How early an echo can come, in ms after the callback: what is played is known block by block."""
        return _least_ms(self.drift_ppm)


class Visitor(Table, frozen=True):
    """`[[visitor]]`: somebody says something, once."""

    at: Seconds | None = None
    """When, in seconds on the scene's clock; or `after`."""
    after: State | None = None
    """What to wait for. It counts from the beginning of what the visitor before it in the file said (for the first:
    of the scene), only `reply_end` from the end: the reply that a visitor interrupts is not the one it waits for."""
    plus: Seconds = 0.0
    """How many seconds after it."""
    nth: Annotated[int, Meta(ge=1)] = 1
    """The first time that it happens, the second …"""
    wav: str = ""
    """A WAV file, 16-bit, mono or stereo, 8 to 48 kHz; or `folder`, or `text`."""
    folder: str = ""
    """A folder of such files, a person's recordings: one of them is said. Whoever else in the scene has this folder
    says another one, until all were; their order is chosen by the room's `seed`."""
    text: str = ""
    """What espeak-ng says."""
    voice: Annotated[str, Meta(pattern="^[A-Za-z]")] = "en-us"
    """espeak-ng voice, with its variant: en-us+Annie."""
    words_per_minute: Annotated[int, Meta(ge=80, le=450)] = 150
    level_db: Annotated[float, Meta(ge=-90, le=0)] = USUAL_SPEECH_DBFS
    """dBFS RMS at the microphone while speaking."""
    reverb_db: float | None = None
    """Energy of the room's response to this one relative to the direct sound; the room's `visitor_reverb_db` by
    default."""
    label: str = ""
    """What to call this in the summary; the text or the WAV file's name by default, with that of its `folder`."""
    wake_end: Seconds | None = None
    """Seconds from the start of the sound to the end of the wake word in it. Found by itself for a `text` that begins
    with the name of a stock wake word."""

    def __post_init__(self) -> None:
        """Check what concerns more than one key. Raises ValueError."""
        if (self.at is None) == (self.after is None):
            states = _CHOICES["after"]
            raise ValueError(f"a visitor needs one time: either at = seconds or after = a state, one of {states}")
        if self.at is not None and (self.plus or self.nth != 1):
            raise ValueError("plus and nth go with after, not with at")
        if sum(map(bool, (self.wav, self.folder, self.text))) != 1:
            raise ValueError("a visitor needs one thing to say: wav = a file, folder = recordings or text = words")

    @property
    def name(self) -> str:
        """The label, or what stands for it."""
        return self.label or self.text or Path(self.wav).stem


class CardEvent(Table, frozen=True):
    """`[[card]]`: the sound card is unplugged or plugged in again."""

    at: Seconds
    action: Action


class Move(Table, frozen=True):
    """`[[move]]`: somebody carries the loudspeaker to another place. What is not said stays as it was."""

    at: Seconds
    """When it is there, in seconds on the scene's clock."""
    over: Seconds = 0.1
    """For how many seconds before the one echo fades into the other; 0: at once."""
    delay_ms: Annotated[float, Meta(ge=0, le=1000)] | None = None
    """As the room's from then on."""
    echo_db: float | None = None
    """As the room's from then on."""
    other_room: bool = False
    """Whether the room responds in another way from then on, of the same `rt60`."""

    def __post_init__(self) -> None:
        """Check what concerns more than one key. Raises ValueError."""
        if self.delay_ms is None and self.echo_db is None and not self.other_room:
            raise ValueError("a move needs a delay_ms, an echo_db or other_room = true")
        if self.echo_db is not None and np.isnan(self.echo_db):
            raise ValueError("echo_db must be a number or -inf, not nan")
        if self.over > self.at:
            raise ValueError(f"over must not be longer than at = {self.at:g}")


class ClockEvent(Table, frozen=True):
    """`[[clock]]`: the clocks of microphone and loudspeaker begin to differ in another way, as they warm up."""

    at: Seconds
    drift_ppm: Annotated[float, Meta(ge=-1000, le=1000)]
    """As the room's from then on."""


class Scene(Table, frozen=True):
    """A scene file."""

    seconds: Annotated[float, Meta(gt=0, le=604_800)]
    """How long the scene lasts."""
    name: str = ""
    """What to call it; the file's name by default."""
    room: Acoustics = field(default_factory=Acoustics)
    visitors: tuple[Visitor, ...] = field(default=(), name="visitor")
    card: tuple[CardEvent, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), name="fault")
    moves: tuple[Move, ...] = field(default=(), name="move")
    clocks: tuple[ClockEvent, ...] = field(default=(), name="clock")

    def __post_init__(self) -> None:
        """Check what concerns more than one key. Raises ValueError."""
        if self.visitors and self.visitors[0].after == "visitor":
            raise ValueError('the first visitor has no visitor before it to wait for with after = "visitor"')
        times = [v.at for v in self.visitors if v.at is not None]
        times += [event.at for events in (self.card, self.faults, self.moves, self.clocks) for event in events]
        if late := [at for at in times if at >= self.seconds]:
            raise ValueError(f"at = {late[0]:g} is past the scene's end: seconds = {self.seconds:g}")
        for number, event in enumerate(self.card):
            if event.action != ("unplug", "plug")[number % 2] or (number and event.at <= self.card[number - 1].at):
                raise ValueError("[[card]]: unplug and plug take turns, unplug first, in the order of time")
        if any(move.at - move.over < before.at for before, move in pairwise(self.moves)):
            raise ValueError("[[move]]: one after the other, in the order of time")
        if any(clock.at < before.at for before, clock in pairwise(self.clocks)):
            raise ValueError("[[clock]]: in the order of time")
        self._check_delays()

    def _check_delays(self) -> None:
        """Check that no echo comes before it is known what is played. Raises ValueError."""
        if not self.faults and not self.moves and not self.clocks:
            return
        delays = [self.room.delay_ms, self.room.second_delay_ms, *(move.delay_ms for move in self.moves)]
        jumps = [fault.range_ms[0] for fault in self.faults if fault.kind == "jump"]
        earliest = min(delay for delay in delays if delay is not None) + min([0, *jumps])
        if earliest < self.least_ms:
            raise ValueError(
                f"with faults, moves and clocks, every echo must come {self.least_ms} ms after its sound or later, by "
                f"delay_ms and jumps, not {earliest:g}"
            )

    @property
    def least_ms(self) -> int:
        """How early an echo can come, in ms after the callback, whatever becomes of the clocks."""
        return max(_least_ms(ppm) for ppm in (self.room.drift_ppm, *(clock.drift_ppm for clock in self.clocks)))

    @property
    def speech_db(self) -> float:
        """How loud the visitors are, in dBFS: their median level."""
        return median(v.level_db for v in self.visitors) if self.visitors else USUAL_SPEECH_DBFS


_TABLES: dict[str, type[Table | Fault]] = {
    "room": Acoustics, "visitor": Visitor, "card": CardEvent, "fault": Fault, "move": Move, "clock": ClockEvent,
}  # fmt: skip


def load(scene: str | Path) -> Scene:
    """Load a scene file, or a bundled scene by its name, and check all that it names.

    WAV files are absolute paths afterwards. Raises SceneError.
    """
    path = _find(scene)
    try:
        loaded = msgspec.toml.decode(inputs.read(path), type=Scene)
    except RecursionError:
        raise SceneError(f"{path}: its tables or lists lie too deep within one another") from None
    except msgspec.ValidationError as error:
        raise SceneError(f"{path}: {_explain(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SceneError(f"{path}: not a TOML file: {error}") from None
    except OSError as error:
        raise SceneError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return _resolve(loaded, path)
    except ClipError as error:
        raise SceneError(f"{path}: {error}") from error


def names() -> list[str]:
    """Return the names of the bundled scenes."""
    return sorted(path.stem for path in SCENES.glob("*.toml"))


def wake_phrase(text: str) -> str | None:
    """Return the stock wake word that `text` begins with, ready to be spoken as a phrase of its own, or None."""
    found = _WAKE_PHRASE.match(text)
    # espeak-ng speaks clause by clause: up to a comma, the phrase alone sounds just as it does in the sentence.
    return found[0].rstrip(",.!?") + "," if found else None


def _least_ms(drift_ppm: float) -> int:
    return BLOCK_MS + (1 if drift_ppm else 0) + (SLIP_MS if drift_ppm < 0 else 0)


def _find(scene: str | Path) -> Path:
    path = Path(scene)
    bundled = SCENES / f"{scene}.toml"
    if path.suffix != ".toml" and path.name == str(scene) and bundled.is_file():
        return bundled
    if not path.exists():
        raise SceneError(f"{scene}: there is no such scene file, nor a bundled scene: {', '.join(names()) or 'none'}")
    return path


def _resolve(scene: Scene, path: Path) -> Scene:
    """Return the scene with its name and with absolute paths, after trying every sound in it."""
    room = scene.room
    if room.noise not in COLOURS:
        if not room.noise.lower().endswith(".wav"):
            raise SceneError(f'{path}: room.noise: "{room.noise}" is neither {", ".join(COLOURS)} nor a .wav file')
        room = msgspec.structs.replace(room, noise=str(path.parent / room.noise))
        read_wav(Path(room.noise))
    if room.music:
        room = msgspec.structs.replace(room, music=str(path.parent / room.music))
        read_wav(Path(room.music))
    visitors = []
    folders: dict[str, Iterator[Path]] = {}
    for visitor in scene.visitors:
        if visitor.text:
            speak(visitor.text, visitor.voice, visitor.words_per_minute)
            visitors.append(visitor)
        elif visitor.folder:
            if visitor.folder not in folders:
                folders[visitor.folder] = _recordings(path, visitor.folder, room.seed)
            file = next(folders[visitor.folder])
            label = visitor.label or f"{file.parent.name}: {file.stem}"
            visitors.append(msgspec.structs.replace(visitor, wav=str(file), folder="", label=label))
        else:
            file = path.parent / visitor.wav
            read_wav(file)
            visitors.append(msgspec.structs.replace(visitor, wav=str(file), label=visitor.name))
    name = scene.name or path.stem
    return msgspec.structs.replace(scene, name=name, room=room, visitors=tuple(visitors))


def _recordings(path: Path, folder: str, seed: int) -> Iterator[Path]:
    """Return the WAV files of a folder in random order, again and again, after trying each."""
    place = path.parent / folder
    try:
        found = sorted(file for file in place.iterdir() if file.suffix.lower() == ".wav")
    except OSError as error:
        raise SceneError(f'{path}: folder = "{folder}": {place} cannot be read: {error.strerror}') from error
    if not found:
        raise SceneError(f'{path}: folder = "{folder}": there are no .wav files in {place}')
    for file in found:
        read_wav(file)
    return cycle([found[n] for n in np.random.default_rng(seed).permutation(len(found))])


def _explain(problem: str) -> str:
    """Return msgspec's message with the place as it looks in the file, and with the keys that there are."""
    message, _, place = problem.partition(" - at `$")
    keys = place.rstrip("`").lstrip(".")
    where = re.sub(r"\[(\d+)\]", lambda m: f" {int(m[1]) + 1}", keys).replace(".", ": ")
    if unknown := re.search(r"unknown field `(.*)`", message):
        table = _TABLES.get(re.split(r"[.\[]", keys)[0], Scene)
        valid = ", ".join(table.__struct_encode_fields__)
        message = f'there is no key "{unknown[1]}"; there are {valid}'
    elif missing := re.search(r"missing required field `(.*)`", message):
        message = f'the key "{missing[1]}" is missing'
    elif "Invalid enum value" in message:
        message += f"; use one of {_CHOICES[keys.rpartition('.')[2]]}"
    return f"{where}: {message}" if where else message
