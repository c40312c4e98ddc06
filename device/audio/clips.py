"""Sounds to play into a simulated room: WAV files and espeak-ng's voices, as mono float arrays.

Samples are `(n,) float32`, full scale 1.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import soxr
from msgspec import Struct
from numpy.typing import NDArray

from device.system import inputs

if TYPE_CHECKING:
    from pathlib import Path

LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
"""From telephone speech to the best rate of a card (`card.devices.RATES`)."""


class ClipError(Exception):
    """A sound cannot be had; the message names it and says what to do."""


class Clip(Struct, frozen=True):
    """A mono sound."""

    rate: int
    samples: NDArray[np.float32]

    def at(self, rate: int) -> NDArray[np.float32]:
        """Return the sound at another rate."""
        if rate == self.rate:
            return self.samples
        moved: NDArray[np.float32] = soxr.resample(self.samples, self.rate, rate, quality="HQ")
        return moved


def read_wav(path: Path) -> Clip:
    """Read a WAV file of 16-bit PCM, mono or stereo (which is mixed down), 8 to 48 kHz.

    Raises ClipError for any other.
    """
    accepted = "16-bit PCM, mono or stereo, 8000 to 48000 Hz"
    try:
        inputs.check(path)
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise ClipError(f"{path}: there is no such WAV file") from None
    except OSError as error:
        raise ClipError(f"{path}: cannot be read: {error.strerror}") from error
    except (wave.Error, EOFError) as error:
        raise ClipError(
            f"{path}: not a WAV file that Parley can read ({str(error) or 'it ends early'}): use {accepted}"
        ) from error
    if width != 2 or channels not in {1, 2} or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise ClipError(
            f"{path}: {8 * width}-bit, {channels} channels, {rate} Hz is not accepted: use {accepted}, "
            f'as `ffmpeg -i "{path.name}" -ac 1 -ar 48000 -c:a pcm_s16le new.wav` makes it'
        )
    frames = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], np.int16).reshape(-1, channels)
    if not frames.any():
        raise ClipError(f"{path}: there is no sound in it")
    return Clip(rate, frames.mean(axis=1, dtype=np.float32) / np.float32(32768))


@lru_cache(maxsize=256)
def speak(text: str, voice: str, words_per_minute: int) -> Clip:
    """Have the program espeak-ng say `text`; the result is kept for the process's life.

    Raises ClipError if the program or the voice is missing, or if nothing comes of the text.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise ClipError("the program espeak-ng, which speaks for visitors, is missing: apt install espeak-ng")
    base, _, variant = voice.partition("+")
    if variant and variant not in _variants(program):  # which espeak-ng itself ignores
        raise ClipError(f'espeak-ng has no voice variant "{variant}" (in "{voice}"): see `espeak-ng --voices=variant`')
    command = [program, "-v", voice, "-s", str(words_per_minute), "--stdout", "--", text]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # noqa: S603 - arguments, no shell
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()
        raise ClipError(f'espeak-ng cannot speak with the voice "{base}" ({said}): see `espeak-ng --voices`')
    with wave.open(io.BytesIO(done.stdout), "rb") as file:
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)
    if not samples.any():
        raise ClipError(f'espeak-ng finds nothing to say in the text "{text}"')
    return Clip(rate, samples)


@lru_cache(maxsize=1)
def _variants(program: str) -> frozenset[str]:
    """Return the names of espeak-ng's voice variants, such as `f2` and `Annie`."""
    listed = subprocess.run([program, "--voices=variant"], capture_output=True, check=False, timeout=60)  # noqa: S603
    words = listed.stdout.decode(errors="replace").split()
    return frozenset(word.removeprefix("!v/") for word in words if word.startswith("!v/"))
