"""`[wifi]`: the access point that the device opens where there is no network, `parley wifi`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from device.settings.types import Section


class WifiSettings(Section, frozen=True):
    """`[wifi]`: the device's own access point, for want of a network."""

    name: Annotated[
        str, Meta(pattern=r"^[\x20-\x7e]{0,32}$", description="up to 32 letters, digits and signs of ASCII")
    ] = ""
    """What it is called; empty: Parley, and a number of this machine."""
    open: bool = False
    """Without a password: for a chip that cannot do it with one. Then whoever is near can read what telephones send,
    the password of your network included."""
    wait_s: Annotated[int, Meta(ge=5, le=3600)] = 60
    """For how long there must be no network before it opens."""
    minutes: Annotated[int, Meta(ge=1, le=60)] = 15
    """How long it is open if nobody uses the page. Holding the button for five seconds opens it again."""
