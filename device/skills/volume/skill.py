"""How loud the device is: what is asked, and what is said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from device.skills.skill import Arguments, Skill
from device.skills.volume.tools import volume_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk

_STEP: Final = 10.0
"""Percent by which "louder" is louder: heard at once, and ten of them are all there is."""
_MUCH: Final = 25.0
"""Percent by which "much louder" is louder: a choice."""
_SCALE: Final = 10
"""Numbers up to here that are no percentage are of a scale from 0 to 10: five is half."""
_FEW: Final = 4
"""A change by so many, or fewer, is one of steps of that scale; "by five" is percent."""
_JUST_ABOVE: Final = 11
"""What nobody means as a percentage: that would be next to nothing."""
_LEVELS: Final = {"full_volume": 100, "half_volume": 50, "least_volume": 10}
_CHANGES: Final = {
    "volume_up": _STEP,
    "volume_up_by": _STEP,
    "much_louder": _MUCH,
    "volume_down": -_STEP,
    "volume_down_by": -_STEP,
    "much_quieter": -_MUCH,
}


def _arguments(meaning: Meaning, _talk: Talk) -> Arguments:
    if meaning.intent == "ask_volume":
        return {}
    if meaning.intent in _LEVELS:
        return {"percent": _LEVELS[meaning.intent]}
    if meaning.intent in {"set_volume", "set_volume_percent"}:
        number = meaning.number("number", 0.0)
        of_ten = meaning.intent == "set_volume" and (number <= _SCALE or number == _JUST_ABOVE)
        return {"percent": round(number * 100 / _SCALE if of_ten else number)}
    change = _CHANGES[meaning.intent]
    if "number" in meaning.slots:
        number = meaning.number("number")
        change = math.copysign(number * (100 / _SCALE if number <= _FEW else 1), change)
    return {"change": round(change)}


def _out_of_range(name: str, _value: float, _most: float, talk: Talk) -> str:
    return talk.phrase("volume_range" if name == "percent" else "too_much")


def _set(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    return [talk.phrase("volume", percent=output["percent"])]


def _told(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    return [talk.phrase("volume_is", percent=output["percent"])]


VOLUME: Final = Skill(
    name="volume",
    tools=volume_tools,
    calls={
        **dict.fromkeys(("set_volume", "set_volume_percent", *_LEVELS, *_CHANGES), "set_volume"),
        "ask_volume": "get_volume",
    },
    arguments=_arguments,
    usual={"percent": (0, 100), "change": (-100, 100)},
    out_of_range=_out_of_range,
    unavailable="volume_unavailable",
    outputs={"set_volume": _set, "get_volume": _told},
)
