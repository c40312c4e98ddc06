"""A sound card where there is none: a PulseAudio server of our own with null sinks, and ALSA's default on it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from device.bench.result import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_S = 15.0
"""How long the server may take to start: a choice, for a machine that is busy."""
_SERVER = """
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=speaker rate=48000 channels=1 norewinds=1
load-module module-null-sink sink_name=room rate=48000 channels=1 norewinds=1
load-module module-remap-source source_name=microphone master=room.monitor channels=1
set-default-sink speaker
set-default-source microphone
"""


@contextlib.contextmanager
def sound_server(modules: str = _SERVER) -> Iterator[dict[str, str]]:
    """Run the server with `modules` during a block; yield the environment of a process that is to use it.

    Raises BenchError if there is no PulseAudio to run.
    """
    program, plugin = (
        shutil.which("pulseaudio"),
        list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")),
    )
    if program is None or shutil.which("pactl") is None or not plugin:
        raise BenchError(
            "there is no sound card, nor PulseAudio to stand in for one: "
            "apt install pulseaudio pulseaudio-utils libasound2-plugins"
        )
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        environment = os.environ | {
            "HOME": folder,
            # The models are still the user's.
            "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share"),
            "XDG_RUNTIME_DIR": folder,
            "PULSE_RUNTIME_PATH": f"{folder}/pulse",
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "ALSA_CONFIG_PATH": f"{folder}/asound.conf",
        }
        Path(folder, "asound.conf").write_text("pcm.!default { type pulse }\n")
        Path(folder, "server.pa").write_text(modules)
        command = [program, "-n", "-F", f"{folder}/server.pa", "--daemonize=no", "--use-pid-file=no"]
        server = subprocess.Popen([*command, "--exit-idle-time=-1"], env=environment, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(server, environment)
            yield environment
        finally:
            server.kill()
            server.wait()


def server_pid(environment: Mapping[str, str]) -> int:
    """Return the process id of the server of an environment that `sound_server` gave."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(environment["PULSE_SERVER"].removeprefix("unix:"))
        pid: int = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return pid


def _wait(server: subprocess.Popen[bytes], environment: dict[str, str]) -> None:
    end = time.monotonic() + START_S
    asked = ["pactl", "info"]
    while subprocess.run(asked, check=False, env=environment, capture_output=True).returncode:  # noqa: S603
        if server.poll() is not None or time.monotonic() > end:
            raise BenchError("PulseAudio, which stands in for a sound card, does not start: try `pulseaudio -n`")
        time.sleep(0.02)
