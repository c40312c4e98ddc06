"""A sound server without a sound card: PulseAudio with null sinks, private to one test.

What is played into the sink `micbus` comes out of the microphone; what the loudspeaker `spk` plays can be recorded
from `spk.monitor`. ALSA's `default`, and so PortAudio's, is this server for a process with `Pulse.env`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RATE = 48_000
_PLUGIN = "libasound_module_pcm_pulse.so"

# Mono sinks of one rate: nothing is resampled or mixed, so that samples arrive as they were sent. Without norewinds
# a null sink rewinds and underflows.
_SERVER = f"""
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=spk rate={RATE} channels=1 norewinds=1
load-module module-null-sink sink_name=micbus rate={RATE} channels=1 norewinds=1
load-module module-remap-source source_name=vmic master=micbus.monitor channels=1
load-module module-remap-source source_name=loop master=spk.monitor channels=1
set-default-sink spk
set-default-source vmic
"""

# `Loopback` hears what it plays.
_ALSA = """
pcm.!default { type pulse }
pcm.Loopback { type asym playback.pcm { type pulse device spk } capture.pcm { type pulse device loop } }
pcm.Microphone { type pulse device vmic }
"""

# As Debian's package of the plugin has it: by it, monitors are opened.
_BY_NAME = "pcm.pulse { @args [ DEVICE ] @args.DEVICE { type string } type pulse device $DEVICE }\n"


class Pulse:
    """One private sound server, running between `start` and `stop`."""

    def __init__(self, folder: Path) -> None:
        for tool in ("pulseaudio", "pactl", "pacat", "parec"):
            if shutil.which(tool) is None:
                raise RuntimeError(
                    f"{tool} is missing: sudo apt install pulseaudio pulseaudio-utils libasound2-plugins"
                )
        if not any(Path("/usr/lib").glob(f"*/alsa-lib/{_PLUGIN}")):
            raise RuntimeError(f"ALSA's {_PLUGIN} is missing: sudo apt install libasound2-plugins")
        self.folder = folder
        self.env = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": f"{folder}/pulse",
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "ALSA_CONFIG_PATH": f"{folder}/asound.conf",
        }
        (folder / "server.pa").write_text(_SERVER)
        (folder / "asound.conf").write_text(_ALSA)
        self._recording = folder / "recorded.raw"
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self.folder / "server.log"
        command = ["pulseaudio", "-n", "-F", f"{self.folder}/server.pa", "--daemonize=no", "--use-pid-file=no"]
        with log.open("ab") as errors:
            self._server = subprocess.Popen([*command, "--exit-idle-time=-1"], env=self._environ(), stderr=errors)
        end = time.monotonic() + 30
        while subprocess.run(["pactl", "info"], check=False, env=self._environ(), capture_output=True).returncode:
            if self._server.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"PulseAudio does not answer: {log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill the server, so that every client loses its streams at once; harmless when repeated."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def pactl(self, *arguments: str) -> None:
        """Tell the server something."""
        subprocess.run(["pactl", *arguments], env=self._environ(), check=True, capture_output=True)

    def offer_monitor(self) -> None:
        """Have ALSA open the server's devices by their names, which makes one more to choose from."""
        (self.folder / "asound.conf").write_text(_ALSA + _BY_NAME)

    @contextlib.contextmanager
    def speaking(self, sound: NDArray[np.int16]) -> Iterator[None]:
        """Play `sound`, `(n,) int16` at 48 kHz, into the microphone during a block."""
        file = self.folder / "speech.raw"
        file.write_bytes(sound.tobytes())
        with self._client("pacat", "--playback", "--device=micbus", str(file)):
            yield

    @contextlib.contextmanager
    def playing(self, sound: NDArray[np.int16], name: str = "music") -> Iterator[None]:
        """Have another program play `sound`, `(n,) int16` at 48 kHz, on the loudspeaker during a block."""
        file = self.folder / f"{name}.raw"
        file.write_bytes(sound.tobytes())
        with self._client("pacat", "--playback", "--device=spk", f"--client-name={name}", str(file)):
            yield

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[NDArray[np.int16]]]:
        """Record the loudspeaker during a block; the list holds the track, `(n,) int16` at 48 kHz, afterwards."""
        file = self._recording
        file.unlink(missing_ok=True)
        track: list[NDArray[np.int16]] = []
        with self._client("parec", "--device=spk.monitor", str(file)):
            end = time.monotonic() + 10
            while (not file.exists() or not file.stat().st_size) and time.monotonic() < end:
                time.sleep(0.01)
            yield track
        track.append(self.recorded())

    def recorded(self) -> NDArray[np.int16]:
        """Return what `recording` has recorded so far, `(n,) int16` at 48 kHz."""
        data = self._recording.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], np.int16)

    @contextlib.contextmanager
    def _client(self, program: str, *arguments: str) -> Iterator[None]:
        command = [
            program,
            "--raw",
            "--format=s16le",
            f"--rate={RATE}",
            "--channels=1",
            "--latency-msec=30",
            *arguments,
        ]
        process = subprocess.Popen(command, env=self._environ(), stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.env}
