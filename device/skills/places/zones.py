"""The time zones of places: cities by the names of the system's zones, others by the language's file."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import tzinfo


class PlaceWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `places.toml`."""

    zones: dict[str, str]
    """Name of a place → its zone, where no zone is called so."""
    ignored: tuple[str, ...]
    """What may stand before a name: "the"."""

    def known(self, said: str) -> str:
        """Return the place among words of which the zone is known, the longest; the words if there is none."""
        words = said.split()
        lengths = range(len(words), 0, -1)
        parts = (" ".join(words[at : at + n]) for n in lengths for at in range(len(words) - n + 1))
        return next((place for place in parts if self.zone(place)), said)

    def zone(self, said: str) -> tzinfo | None:
        """Return the zone of a place, None if it is not known, or the system has no zones."""
        name = said.lower().strip()
        for word in self.ignored:
            name = name.removeprefix(f"{word} ")
        key = self.zones.get(name) or _cities().get(name)
        try:
            return zoneinfo.ZoneInfo(key) if key else None
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return None


@cache
def _cities() -> dict[str, str]:
    """Return the zones by the cities they are called after: "new york" is America/New_York."""
    known = zoneinfo.available_timezones()
    keys = sorted(key for key in known if "/" in key and not key.startswith(("Etc/", "SystemV/")))
    return {key.rpartition("/")[2].replace("_", " ").lower(): key for key in keys}
