"""When the sun rises and sets.

By the equations of NOAA's solar calculator (https://gml.noaa.gov/grad/solcalc/calcdetails.html), after Jean Meeus,
Astronomical Algorithms. NOAA says of them: within a minute up to 72° of latitude, and within ten beyond.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from math import acos, asin, cos, degrees, radians, sin, tan
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import date

_ZENITH: Final = 90.833
"""Degrees from straight above to the sun's middle as its upper edge is seen at the horizon: NOAA's, with refraction."""
_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)
_ROUNDS: Final = 3
"""As often the sun's place is taken anew, at the time that was found: then less than a second changes."""


class Sun(Struct, frozen=True):
    """The sun of a day at a place: when it rises and sets, in UTC, or whether it is up, or down, all day."""

    rise: datetime | None = None
    set: datetime | None = None
    always_up: bool = False


def sun(day: date, latitude: float, longitude: float) -> Sun:
    """Return the sun of the day whose noon is at the place's own, degrees north and east being positive."""
    midnight = datetime.combine(day, time(), UTC)
    noon = midnight + timedelta(minutes=720 - 4 * longitude)
    half = _half_day(noon, latitude)
    if abs(half) > 1:
        return Sun(always_up=half < 0)
    times = []
    for way in (-1, 1):
        at = noon
        for _ in range(_ROUNDS):
            angle = degrees(acos(min(1.0, max(-1.0, _half_day(at, latitude)))))
            minutes = 720 - 4 * (longitude - way * angle) - _equation_of_time(at)
            at = midnight + timedelta(minutes=minutes)
        times.append(at)
    rise, set_ = times
    return Sun(rise, set_)


def _half_day(at: datetime, latitude: float) -> float:
    """Return the cosine of the angle by which the earth turns between noon and sunset; beyond ±1 there is none."""
    declination = _declination(at)
    # At a pole itself the sun stays as high all day: a thousandth of a degree away is near enough.
    north = radians(min(89.999, max(-89.999, latitude)))
    return cos(radians(_ZENITH)) / (cos(north) * cos(declination)) - tan(north) * tan(declination)


def _century(at: datetime) -> float:
    return (at - _J2000) / timedelta(days=36_525)


def _mean_longitude(t: float) -> float:
    return radians((280.46646 + t * (36_000.76983 + 0.0003032 * t)) % 360)


def _mean_anomaly(t: float) -> float:
    return radians(357.52911 + t * (35_999.05029 - 0.0001537 * t))


def _obliquity(t: float) -> float:
    mean = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - 0.001813 * t))) / 60) / 60
    return radians(mean + 0.00256 * cos(radians(125.04 - 1934.136 * t)))


def _declination(at: datetime) -> float:
    t = _century(at)
    anomaly = _mean_anomaly(t)
    centre = (
        (1.914602 - t * (0.004817 + 0.000014 * t)) * sin(anomaly)
        + (0.019993 - 0.000101 * t) * sin(2 * anomaly)
        + 0.000289 * sin(3 * anomaly)
    )
    longitude = degrees(_mean_longitude(t)) + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))
    return asin(sin(_obliquity(t)) * sin(radians(longitude)))


def _equation_of_time(at: datetime) -> float:
    """Return by how many minutes a sundial is ahead of a clock."""
    t = _century(at)
    longitude, anomaly, half = _mean_longitude(t), _mean_anomaly(t), tan(_obliquity(t) / 2)
    eccentricity, y = 0.016708634 - t * (0.000042037 + 0.0000001267 * t), half * half
    turned = (
        y * sin(2 * longitude)
        - 2 * eccentricity * sin(anomaly)
        + 4 * eccentricity * y * sin(anomaly) * cos(2 * longitude)
        - 0.5 * y * y * sin(4 * longitude)
        - 1.25 * eccentricity * eccentricity * sin(2 * anomaly)
    )
    return 4 * degrees(turned)
