"""`[house]`: the other Parleys in earshot, of which one answers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from device.settings.types import Secret, Section


class HouseSettings(Section, frozen=True):
    """`[house]`: the other Parleys in earshot, of which one answers."""

    group: Annotated[str, Meta(max_length=100)] = ""
    """What those have in common that hear the same person, such as "ground floor"; the same on each. Of those that hear
    the wake word, the nearest answers. Empty: this one always does."""
    secret: Secret = Secret()
    """Without one, anybody on the network can have this one keep still. The same on each; better in
    PARLEY_HOUSE_SECRET than here."""
