"""What NetworkManager is told of a network: of the device's own access point, and of one that is to be joined.

The names and values are those of nm-settings-dbus(5); each value stands with its type in D-Bus.
"""

from __future__ import annotations

import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

from device.wifi.networks import shown

if TYPE_CHECKING:
    from device.wifi.messages import Security

Profile = dict[str, dict[str, tuple[str, Any]]]

ADDRESS: Final = "10.42.97.1"
"""Of the device in its own network. A choice: private, and no usual one of routers or of containers."""
PREFIX: Final = 24
DIGITS: Final = 12
"""Of the access point's password. Whoever notes how a telephone joins may guess for as long as he likes, by a graphics
card some millions a second: six digits hold for less than a second, eight for a minute, twelve for days. He must be
near in just that quarter of an hour, and would gain what the telephone sends: the password of a network whose own
joining he can note from the same place."""
OURS: Final = ("parley.joined", "yes")
"""What marks a profile that was made here: of the user's own none is changed."""
_HEX_KEY: Final = re.compile(r"[0-9A-Fa-f]{64}")


class ProfileError(Exception):
    """A network cannot be joined like that; says why."""


def new_password() -> str:
    """Return a password for the access point that can be said and typed anywhere."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


def access_point(name: str, password: str) -> Profile:
    """Return the device's own access point; without a password it is open."""
    profile: Profile = {
        "connection": {
            "id": ("s", name),
            "uuid": ("s", str(uuid.uuid4())),
            "type": ("s", "802-11-wireless"),
            "autoconnect": ("b", False),
        },
        # All chips and telephones have 2.4 GHz, and its channels 1 to 11 may be used wherever one is.
        "802-11-wireless": {"ssid": ("ay", name.encode()), "mode": ("s", "ap"), "band": ("s", "bg")},
        "ipv4": {
            "method": ("s", "shared"),
            "address-data": ("aa{sv}", [{"address": ("s", ADDRESS), "prefix": ("u", PREFIX)}]),
        },
        "ipv6": {"method": ("s", "ignore")},
    }
    if password:
        profile["802-11-wireless-security"] = {
            "key-mgmt": ("s", "wpa-psk"),
            "proto": ("as", ["rsn"]),
            "pairwise": ("as", ["ccmp"]),
            "group": ("as", ["ccmp"]),
            "psk": ("s", password),
            # Off: the Raspberry Pi's chip serves nobody with management frames protected.
            "pmf": ("i", 1),
        }
    return profile


def station(ssid: bytes, security: Security, password: str, *, hidden: bool = False) -> Profile:
    """Return a network to join. Raises ProfileError if it cannot be joined, or not with this password."""
    profile: Profile = {
        "connection": {
            "id": ("s", shown(ssid)),
            "uuid": ("s", str(uuid.uuid4())),
            "type": ("s", "802-11-wireless"),
            "autoconnect": ("b", True),
        },
        "802-11-wireless": {"ssid": ("ay", ssid), "mode": ("s", "infrastructure"), "hidden": ("b", hidden)},
        "ipv4": {"method": ("s", "auto")},
        "ipv6": {"method": ("s", "auto")},
        "user": {"data": ("a{ss}", dict([OURS]))},
    }
    match security:
        case "enterprise":
            raise ProfileError(
                "it asks for a user and a password of its own (WPA Enterprise), which cannot be set here"
            )
        case "wep":
            raise ProfileError("it is secured by WEP, which protects nobody: set its router to WPA2 or WPA3")
        case "open":
            return profile
        case "enhanced":
            profile["802-11-wireless-security"] = {"key-mgmt": ("s", "owe")}
            return profile
        case "wpa2" | "wpa3":
            _check(password, security)
            kind = "sae" if security == "wpa3" else "wpa-psk"
            profile["802-11-wireless-security"] = {"key-mgmt": ("s", kind), "psk": ("s", password)}
            return profile


def _check(password: str, security: Security) -> None:
    """See that a password may be one. Raises ProfileError, which does not quote it."""
    if not password:
        raise ProfileError("it wants a password")
    if "\0" in password or not password.isprintable():
        raise ProfileError("there is something in its password that cannot be typed")
    length = len(password.encode())
    if security == "wpa2" and not (8 <= length <= 63 or _HEX_KEY.fullmatch(password)):
        raise ProfileError(f"its password has 8 to 63 characters, and this one {length}")
