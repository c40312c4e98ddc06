"""Below which topics a device tells how it is and is told what to do: the names stand here once.

What is told is retained, so that who comes later knows it too. What is to be done comes below `do/` and is never
retained: a command of last year is not obeyed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from device.settings.mqtt import MqttSettings

MACHINE_ID: Final = Path("/etc/machine-id")

Told = Literal[
    "available", "state", "mute", "volume", "engine", "cost", "faults", "timers", "alarm", "update", "user", "reply"
]
"""What is told, each below the device's topic."""
Done = Literal["wake", "stop", "repeat", "mute", "volume", "say", "ask", "update"]
"""What can be asked for, each below `do/`."""
EVENTS: Final[frozenset[Told]] = frozenset({"alarm"})
"""What happens and is over: not retained."""


def number_of(machine: Path = MACHINE_ID) -> str:
    """Return the number by which this machine is told from others: from its machine id, which stays secret itself."""
    try:
        text: Any = machine.read_bytes()
    except OSError:
        text = b""
    return hashlib.sha256(b"parley mqtt" + text).hexdigest()[:12]


class Topics:
    """The topics of one device, by its settings."""

    def __init__(self, settings: MqttSettings, machine: Path = MACHINE_ID) -> None:
        self.id = f"parley_{number_of(machine)}"
        """Of the device; nothing of its name is in it, so that it can be called something else."""
        self.base = settings.topic.strip("/") or f"parley/{self.id.removeprefix('parley_')}"
        prefix = settings.discovery.strip("/")
        self.config = f"{prefix}/device/{self.id}/config" if prefix else ""
        """Where Home Assistant finds what the device is; empty: nowhere."""
        self.home = f"{prefix}/status" if prefix else ""
        """Where Home Assistant says that it has come."""

    def told(self, what: Told) -> str:
        """Return where something is told."""
        return f"{self.base}/{what}"

    def do(self, what: Done | Literal["+"]) -> str:
        """Return where something is asked for."""
        return f"{self.base}/do/{what}"

    def asked(self, topic: str) -> str:
        """Return what is asked for at a topic; empty if that is none of these."""
        above, _, what = topic.rpartition("/")
        return what if above == f"{self.base}/do" else ""
