"""The sounds that the benches play: who interrupts, who only nods, what is no speech, and what the device says.

A folder of sounds has an `index.toml` and, in a folder for each kind, WAV files: 16 kHz, mono, 16 bits. Each has an
entry such as

    [[sound]]
    file = "pauses/clb-1.wav"
    kind = "pauses"
    voice = "clb"
    text = "Set a timer for … ten minutes."
    synthesizer = "rhvoice"
    variant = "clb, female, rate 1.1"
    pause = [1.093, 1.593]

A recording of a person has `synthesizer = "human"`, and in `variant` where it comes from.

The bundled ones are made by `scripts/sounds`; `LICENCES.md` beside them says where the voices come from.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec
import numpy as np
from msgspec import Meta, Struct

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOUNDS = Path(__file__).parent
"""The bundled sounds."""
INDEX = "index.toml"
HUMAN = "human"
"""In place of a synthesizer: a person."""

Kind = Literal[
    "interruptions",
    "foreign",
    "backchannels",
    "noises",
    "distant",
    "pauses",
    "complete",
    "wake",
    "replies",
    "requests",
    "long",
]
"""`interruptions`: what is meant to stop the reply. `foreign`: the same in another
language than the settings'. `backchannels`: what is not. `noises`: cough, door, dishes, typing,
music, burst, named by `voice`. `distant`: a second voice, television. `pauses`: utterances with a pause in the middle.
`complete`: the same without. `wake`: the wake word, alone and in one breath with a question. `replies`: the device's
own voice. `requests`: what is asked of the device, for the bench of that name. `long`:
people who talk on, for minutes."""

Text = Annotated[str, Meta(min_length=1)]
Seconds = Annotated[float, Meta(ge=0)]


class SoundError(Exception):
    """A folder of sounds cannot be used; the message names the file and the fix."""


class Sound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A WAV file and what is to be heard in it."""

    file: Path
    """Relative to the index in it; absolute once loaded."""
    kind: Kind
    voice: Text
    """Who speaks; of a noise, what makes it."""
    text: str
    """What is said; "" for noises."""
    synthesizer: Text
    """The program that made it; `HUMAN` of a person."""
    variant: str = ""
    """How it was told to."""
    pause: tuple[Seconds, Seconds] | None = None
    """Of `pauses`: where the pause begins and ends, in seconds from the start of the file."""

    def samples(self) -> NDArray[np.int16]:
        """Return the sound: (n,) int16, 16 kHz mono. Raises SoundError."""
        return _read(self.file)


class _Index(Struct, forbid_unknown_fields=True):
    sound: list[Sound]


def load(folder: Path | None = None) -> list[Sound]:
    """Return the sounds of a folder, the bundled ones by default, in the order of the index.

    Raises SoundError if the index or a file is missing or not as described above.
    """
    folder = SOUNDS if folder is None else folder
    index = folder / INDEX
    try:
        found = msgspec.toml.decode(index.read_bytes(), type=_Index, dec_hook=lambda kind, value: kind(value)).sound
    except FileNotFoundError:
        raise SoundError(f"{index} is missing: it lists the sounds; see the one in {SOUNDS}") from None
    except OSError as error:
        raise SoundError(f"{index} cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        kinds = ", ".join(get_args(Kind))
        raise SoundError(f"{index}: {error}; the kinds are {kinds}, the keys those of the index in {SOUNDS}") from error
    except msgspec.DecodeError as error:
        raise SoundError(f"{index} is not TOML: {error}") from error
    return [_checked(sound, folder) for sound in found]


def _checked(sound: Sound, folder: Path) -> Sound:
    file = folder / sound.file
    if sound.file.parts[:1] != (sound.kind,):
        raise SoundError(f"{folder / INDEX}: {sound.file} is one of the {sound.kind}: move it to {sound.kind}/")
    length = len(_read(file)) / CLOCK_RATE
    if (sound.pause is not None) != (sound.kind == "pauses"):
        raise SoundError(f"{folder / INDEX}: {sound.file}: the pauses, and nothing else, need pause = [start, end]")
    if sound.pause is not None and not 0 < sound.pause[0] < sound.pause[1] < length:
        raise SoundError(
            f"{folder / INDEX}: {sound.file}: pause = {list(sound.pause)} does not lie within its {length:.3f} s"
        )
    return msgspec.structs.replace(sound, file=file)


def _read(path: Path) -> NDArray[np.int16]:
    fix = f'make it again with `ffmpeg -i "{path.name}" -ac 1 -ar {CLOCK_RATE} -c:a pcm_s16le new.wav`'
    try:
        with wave.open(str(path), "rb") as file:
            form = file.getframerate(), file.getnchannels(), 8 * file.getsampwidth()
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise SoundError(f"{path} is missing, though the index names it: put it there or take it out") from None
    except OSError as error:
        raise SoundError(f"{path} cannot be read: {error.strerror}") from error
    except (wave.Error, EOFError) as error:
        raise SoundError(f"{path} is not a WAV file of 16-bit PCM ({error or 'it ends early'}): {fix}") from error
    if form != (CLOCK_RATE, 1, 16):
        rate, channels, bits = form
        raise SoundError(f"{path} has {rate} Hz, {channels} channels, {bits} bits, not {CLOCK_RATE}, 1 and 16: {fix}")
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)
    if not samples.any():
        raise SoundError(f"{path} is silent: put a sound there or take it out of the index")
    return samples
