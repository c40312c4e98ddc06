"""`[mqtt]`: the broker by which a home knows the assistant, `parley mqtt`."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from device.settings.types import Secret, Section

PORT: Final = 1883
TLS_PORT: Final = 8883
"""Both are registered with IANA: mqtt and secure-mqtt."""

Host = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)?$",
        description="empty, or a machine's name or address, such as homeassistant.local or 192.168.1.5",
    ),
]
Topic = Annotated[
    str,
    Meta(
        pattern=r"^([^/+#$\s\x00-\x1f][^+#\s\x00-\x1f]{0,99})?$",
        description="empty, or a topic of up to 100 characters without spaces, + and #",
    ),
]


class MqttSettings(Section, frozen=True):
    """`[mqtt]`: the broker by which a home knows the assistant."""

    host: Host = ""
    """The broker's name or address. Empty: none."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: 1883, or with `tls` 8883."""
    tls: bool = False
    """Whether to talk to it encrypted, and to check that its certificate is good and its own."""
    ca: str = ""
    """A file with the certificates that are trusted, for a broker with one of your own; empty: those that this machine
    trusts."""
    username: Annotated[str, Meta(max_length=200)] = ""
    """The broker's user that the device is."""
    password: Secret = Secret()
    """Better in PARLEY_MQTT_PASSWORD than here."""
    name: Annotated[str, Meta(max_length=100)] = ""
    """What the device is called there; empty: what the assistant calls itself."""
    topic: Topic = ""
    """Below which topic it tells and is told; empty: `parley/`, and a number of this machine."""
    discovery: Topic = "homeassistant"
    """Below which topic Home Assistant looks for devices; empty: it is not announced."""
    words: bool = False
    """Whether what was said last, by either side, is told there as well."""

    @property
    def broker_port(self) -> int:
        """Where the broker listens."""
        return self.port or (TLS_PORT if self.tls else PORT)
