"""Where the device is: by its settings, and by the system's table of the cities that time zones are called after."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from device.settings.tree import HomeSettings

TABLE: Final = Path("/usr/share/zoneinfo/zone.tab")
"""Of the IANA database (tzdata): a line a zone, with the coordinates of its main place by ISO 6709."""
_COORDINATES: Final = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?([+-])(\d{3})(\d\d)(\d\d)?")


class SpotError(Exception):
    """The place that was set is not known; the message says what to set."""


class Spot(Struct, frozen=True):
    """A place on the earth, degrees north and east being positive."""

    name: str
    latitude: float
    longitude: float


def spot(home: HomeSettings) -> Spot | None:
    """Return where the device is, None if nobody said. Raises `SpotError`."""
    if home.latitude is not None and home.longitude is not None:
        return Spot(home.place, home.latitude, home.longitude)
    if home.latitude is not None or home.longitude is not None:
        raise SpotError("home.latitude and home.longitude go together: set both, in degrees, or neither")
    if not home.place:
        return None
    if found := _cities().get(_plain(home.place)):
        return Spot(home.place, *found)
    raise SpotError(
        f'home.place: no time zone is called after "{home.place}", so where it is is not known; set home.latitude and '
        "home.longitude too, in degrees, such as 52.5 and 13.4"
    )


@cache
def _cities(table: Path = TABLE) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude of the cities of the table; none if the system has no such table."""
    try:
        lines = table.read_text("utf-8").splitlines()
    except OSError:
        return {}
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {
        _plain(row[2].rpartition("/")[2]): (_degrees(*at.groups()[:4]), _degrees(*at.groups()[4:]))
        for row in rows
        if len(row) > 2 and (at := _COORDINATES.fullmatch(row[1]))
    }


def _degrees(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    value = int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -value if sign == "-" else value


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[\W_]", " ", name.casefold()).split())
