"""The requests as voices say them in a quiet room, and as the local engine hears them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from device.bench.result import BenchError
from device.bench.sounds import SoundError, load
from device.sample_clock import CLOCK_RATE
from device.simulation.acoustics import convolve, impulse_response, noise, ratio
from device.simulation.scene import Acoustics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from device.bench.requests.plan import Request
    from device.bench.sounds import Sound

BUNDLED: Final = Path(__file__).parent / "spoken"
"""Each of the bundled requests by one of four voices, made by `scripts/sounds scripts/soundmaker/requests.toml`."""
_AROUND_S: Final = 0.3
"""Of silence before and after, as an engine that finds the ends of turns hears it."""
_ROOM: Final = Acoustics(rt60=0.25, noise_db=-60.0)
"""Quiet, as the room of the demo."""


def sounds(requests: Iterable[Request], folder: Path | None = None) -> list[tuple[Request, Sound]]:
    """Return who says which of the requests. Raises BenchError if nobody says one of them."""
    try:
        found = [sound for sound in load(folder or BUNDLED) if sound.kind == "requests"]
    except SoundError as error:
        raise BenchError(str(error)) from error
    said = [(request, [sound for sound in found if sound.text == request.say]) for request in requests]
    if silent := [request.say for request, by in said if not by]:
        raise BenchError(
            f'nobody says "{silent[0]}", and {len(silent) - 1} more of the requests: make sounds of them with '
            "scripts/sounds PLAN.toml FOLDER, and name the folder by --sounds"
        )
    return [(request, sound) for request, by in said for sound in by]


def in_room(sound: Sound, seed: int) -> NDArray[np.int16]:
    """Return a sound as a microphone in a quiet room has it: (n,) int16, 16 kHz mono. Raises SoundError."""
    rng = np.random.default_rng(seed)
    dry = (sound.samples() / 32768).astype(np.float32)
    wet = convolve(dry, impulse_response(CLOCK_RATE, _ROOM.rt60, _ROOM.visitor_reverb_db, rng))
    around = np.zeros(round(_AROUND_S * CLOCK_RATE), np.float32)
    heard = np.concatenate((around, wet, around))
    hiss = np.resize(noise("pink", CLOCK_RATE, rng), len(heard)) * ratio(_ROOM.noise_db)
    samples: NDArray[np.int16] = np.rint(np.clip(heard + hiss, -1, 1) * 32767).astype(np.int16)
    return samples
