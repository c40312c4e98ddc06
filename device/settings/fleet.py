"""`[fleet]`: settings that are the same for many devices, signed by whoever looks after them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from device.settings.types import OptionalAddress, Section


class FleetSettings(Section, frozen=True):
    """`[fleet]`: settings that are the same for many devices, which `parley settings fetch` fetches."""

    url: OptionalAddress = ""
    """Where they are, with their signature beside them, whose name ends in .sig; empty: there are none.

    What is set on the device itself counts over them.
    """
    serial: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Which they are: stands in the signed file alone, and is higher each time."""
