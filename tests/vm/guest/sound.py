"""Sound where there is no card: a sound server with a loudspeaker and a microphone of its own."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checks import until
from machine import run

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = Path("/run/pulse/native")

PULSE = """
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=spk rate=48000 channels=1 norewinds=1
load-module module-null-sink sink_name=micbus rate=48000 channels=1 norewinds=1
load-module module-remap-source source_name=vmic master=micbus.monitor channels=1
set-default-sink spk
set-default-source vmic
"""
ALSA = """
pcm.!default { type pulse server "unix:/run/pulse/native" }
ctl.!default { type pulse server "unix:/run/pulse/native" }
pcm.far_mouth { type plug slave.pcm { type pulse server "unix:/run/pulse/native" device micbus } }
pcm.far_ear { type plug slave.pcm { type pulse server "unix:/run/pulse/native" device spk.monitor } }
"""


def sound() -> None:
    """Start a sound server that needs no card."""
    Path("/etc/vm.pa").write_text(PULSE)
    Path("/etc/asound.conf").write_text(ALSA)
    _start()


@contextmanager
def without_sound() -> Iterator[None]:
    """Have no sound for a while."""
    run("systemctl", "stop", _UNIT.format(_started[-1]))
    SOCKET.unlink(missing_ok=True)
    try:
        yield
    finally:
        _start()


_UNIT = "vm-sound-{}"
_started: list[int] = []


def _start() -> None:
    # Of another name each time: systemd forgets one that has ended when it pleases.
    _started.append(len(_started))
    run("systemd-run", f"--unit={_UNIT.format(_started[-1])}", "pulseaudio", "--system", "-n", "-F", "/etc/vm.pa",
        "--disallow-exit", "--exit-idle-time=-1", "--use-pid-file=no")  # fmt: skip
    until(SOCKET.exists, 20, "the sound server")
