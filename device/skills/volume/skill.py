"""How loud the device is: what is asked, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.skill import Arguments, Skill
from device.skills.volume.tools import volume_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk

_STEP: Final = 10.0
"""Percent by which "louder" is louder: heard at once, and ten of them are all there is."""
_UP: Final = ("volume_up", "volume_up_by")
_DOWN: Final = ("volume_down", "volume_down_by")


def _arguments(meaning: Meaning, _talk: Talk) -> Arguments:
    if meaning.intent == "set_volume":
        return {"percent": round(meaning.number("number", 0.0))}
    if meaning.intent == "full_volume":
        return {"percent": 100}
    step = round(meaning.number("number", _STEP))
    return {"change": step if meaning.intent in _UP else -step}


def _out_of_range(name: str, _value: float, _most: float, talk: Talk) -> str:
    return talk.phrase("volume_range" if name == "percent" else "too_much")


def _set(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    return [talk.phrase("volume", percent=output["percent"])]


VOLUME: Final = Skill(
    name="volume",
    tools=volume_tools,
    calls=dict.fromkeys(("set_volume", "full_volume", *_UP, *_DOWN), "set_volume"),
    arguments=_arguments,
    usual={"percent": (0, 100), "change": (-100, 100)},
    out_of_range=_out_of_range,
    unavailable="volume_unavailable",
    outputs={"set_volume": _set},
)
