"""Sound cards of any rate, channels and format, without hardware: a plugin for ALSA, which gcc builds once a run.

Both gcc and ALSA's headers are there wherever PyAudio was built: `scripts/setup` installs gcc and portaudio19-dev.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

SOURCE = Path(__file__).with_name("pretended_card.c")
_built = TemporaryDirectory(prefix="parley-pretended-cards-")  # until the run ends


@cache
def plugin() -> Path:
    """Build the plugin and return where it is. Raises RuntimeError that names what is missing."""
    if shutil.which("gcc") is None:
        raise RuntimeError("gcc is missing: sudo apt install gcc libasound2-dev")
    built = Path(_built.name) / "libasound_module_pretended.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", str(built), str(SOURCE), "-lasound", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{SOURCE.name} cannot be built (sudo apt install libasound2-dev): {done.stderr}")
    return built


def configuration(**cards: str) -> str:
    """Return an ALSA configuration that knows nothing but these cards, each with its options.

    `rate`, `channels`, `format` (S16_LE or S32_LE), `direction` (capture, playback or both), `channel` (which hears,
    from 0), `level` (of its tone, 0 to 1), `file` (what it hears instead, s16le at its rate), `air` (a file: what is
    played into it is heard 15 ms later by whoever has the same), `ppm` (how much faster it is than its rate says),
    `busy 1` (held by another program) and `mixer 1` (it has a capture volume).
    """
    lines = [f'pcm_type.pretended {{ lib "{plugin()}" }}', f'ctl_type.pretended {{ lib "{plugin()}" }}']
    for name, options in cards.items():
        words = options.split()
        pairs = dict(zip(words[::2], words[1::2], strict=True))
        if pairs.pop("mixer", "0") == "1":
            lines.append(f"ctl.{name} {{ type pretended }}")
        given = " ".join(f'{key} "{value}"' if "/" in value else f"{key} {value}" for key, value in pairs.items())
        lines.append(f"pcm.{name} {{ type pretended {given} }}")
    # PortAudio ends the process where there is no such name.
    if "default" not in cards:
        lines.append("pcm.default { type pretended busy 1 }")
    return "\n".join([*lines, ""])


def configure(folder: Path, **cards: str) -> Path:
    """Write such a configuration into `folder`; return the file, which ALSA_CONFIG_PATH names to a process."""
    path = folder / "pretended.conf"
    path.write_text(configuration(**cards))
    return path
