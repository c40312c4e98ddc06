"""Networks as they are seen: what NetworkManager tells of access points, made into what somebody chooses from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from device.system.harmless import line
from device.wifi.messages import Network

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from device.wifi.messages import Security

MOST_NETWORKS: Final = 64
"""A choice: a house of flats has some forty, and nobody reads more."""
LONGEST_SSID: Final = 32
"""Bytes: IEEE 802.11."""
PRIVACY: Final = 0x1
"""Of `NM80211ApFlags`: it is encrypted somehow. This and the next are in NetworkManager's D-Bus reference."""
PSK: Final = 0x100
SUITE_802_1X: Final = 0x200 | 0x2000
SAE: Final = 0x400
OWE: Final = 0x800
"""Of `NM80211ApSecurityFlags`: by what keys are agreed on."""


class Point(Struct, frozen=True):
    """An access point that was seen."""

    ssid: bytes
    strength: int = 0
    flags: int = 0
    keys: int = 0
    """`NM80211ApSecurityFlags`, of WPA and of RSN together."""

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Point:
        """Return one by its properties. Raises TypeError or ValueError for what they cannot be."""
        ssid = told.get("Ssid", b"")
        if not isinstance(ssid, (bytes, list)):  # of a number, `bytes` would be so long
            raise TypeError(f"an SSID is no {type(ssid).__name__}")
        keys = int(told.get("WpaFlags", 0)) | int(told.get("RsnFlags", 0))
        return cls(bytes(ssid), int(told.get("Strength", 0)), int(told.get("Flags", 0)), keys)

    @property
    def security(self) -> Security:
        """How it is secured."""
        if self.keys & PSK:
            return "wpa2"
        if self.keys & SAE:
            return "wpa3"
        if self.keys & SUITE_802_1X:
            return "enterprise"
        if self.keys & OWE:
            return "enhanced"
        return "wep" if self.flags & PRIVACY else "open"


def shown(ssid: bytes) -> str:
    """Return a network's name as it is shown and said: in one line, and harmless."""
    try:
        text = ssid.decode()
    except UnicodeDecodeError:  # a name may be any bytes; old ones are of Western Europe
        text = ssid.decode("latin-1")
    return line(text)


def networks(points: Iterable[Point], saved: Collection[bytes] = (), but: bytes = b"") -> tuple[Network, ...]:
    """Return the networks of access points, each once and the strongest first, without the one called `but`.

    One that hides its name tells an empty one, or zeros.
    """
    best: dict[tuple[bytes, Security], Point] = {}
    for point in points:
        if not point.ssid.strip(b"\0") or len(point.ssid) > LONGEST_SSID or point.ssid == but:
            continue
        key = point.ssid, point.security
        if key not in best or best[key].strength < point.strength:
            best[key] = point
    found = sorted(best.values(), key=lambda point: (-point.strength, point.ssid))[:MOST_NETWORKS]
    return tuple(
        Network(
            point.ssid.hex(),
            shown(point.ssid),
            min(100, max(0, point.strength)),
            point.security,
            point.ssid in saved,
        )
        for point in found
    )
