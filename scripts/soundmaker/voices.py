"""The synthesizers: programs of Debian packages that speak a text with a voice, each with its own way to be told how.

Samples are `(n,) float64` at 16 kHz, full scale 1.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.clips import Clip, read_wav
from device.sample_clock import CLOCK_RATE

Samples = NDArray[np.float64]
Synthesizer = Literal["espeak-ng", "mbrola", "flite", "festival", "rhvoice", "pico"]


class Voice(Struct, frozen=True, forbid_unknown_fields=True):
    """A speaker: one of a synthesizer's voices, and how fast and high it speaks."""

    name: str
    synthesizer: Synthesizer
    voice: str
    kind: str = ""
    """Male, female or child: for the reader."""
    rate: float = 1.0
    """Times the synthesizer's usual rate."""
    pitch: float = 1.0
    """Times the voice's usual pitch, where the synthesizer can."""
    shift: float = 1.0
    """Pitch and formants times this, by playing it faster: above 1, a shorter vocal tract. The rate stays."""

    def says(self, text: str) -> Samples:
        """Return the voice saying `text`; of `[[phones]]`, what the synthesizer's own names of phones stand for."""
        make = _SYNTHESIZERS[self.synthesizer]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "spoken.wav"
            make(self, text, self.rate / self.shift, file)
            spoken = read_wav(file)
        return Clip(round(spoken.rate * self.shift), spoken.samples).at(CLOCK_RATE).astype(np.float64)


def _run(*command: str, text: str | None = None) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise SystemExit(f"{command[0]} is missing; the packages are named at the head of scripts/sounds")
    command = (program, *command[1:])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - arguments, no shell
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()}")


def _espeak(voice: Voice, text: str, rate: float, file: Path) -> None:
    how = ("-s", str(round(175 * rate)), "-p", str(round(50 * voice.pitch)))
    _run("espeak-ng", "-v", voice.voice, *how, "-w", str(file), "--", text)


def _flite(voice: Voice, text: str, rate: float, file: Path) -> None:
    how = ("--setf", f"duration_stretch={1 / rate:.4f}", "--setf", f"f0_shift={voice.pitch:.4f}")
    said = ("-p", text.strip("[]")) if text.startswith("[[") else ("-t", text)
    _run("flite", "-voice", voice.voice, *how, *said, "-o", str(file))


def _festival(voice: Voice, text: str, rate: float, file: Path) -> None:
    # The diphone voices' pitch is a mean and a deviation in Hz, mapped from those of the speaker it was trained on.
    mean, deviation = 105 * voice.pitch, 14 * voice.pitch
    pitch = f"((target_f0_mean {mean:.0f}) (target_f0_std {deviation:.0f}) (model_f0_mean 170) (model_f0_std 34))"
    setup = f"(voice_{voice.voice}) (Parameter.set 'Duration_Stretch {1 / rate:.4f}) (set! int_lr_params '{pitch})"
    _run("text2wave", "-eval", f"(begin {setup})", "-o", str(file), "-", text=text)


def _rhvoice(voice: Voice, text: str, rate: float, file: Path) -> None:
    how = ("-r", str(round(100 * rate)), "-t", str(round(100 * voice.pitch)))
    _run("RHVoice-test", "-p", voice.voice, *how, "-o", str(file), text=text)


def _pico(voice: Voice, text: str, rate: float, file: Path) -> None:
    told = f'<speed level="{100 * rate:.0f}"><pitch level="{100 * voice.pitch:.0f}">{text}</pitch></speed>'
    _run("pico2wave", "-l", voice.voice, "-w", str(file), "--", told)


_SYNTHESIZERS = {
    "espeak-ng": _espeak,
    "mbrola": _espeak,  # espeak-ng's front end, MBROLA's recorded diphones
    "flite": _flite,
    "festival": _festival,
    "rhvoice": _rhvoice,
    "pico": _pico,
}
