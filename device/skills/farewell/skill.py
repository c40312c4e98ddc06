"""The end of a conversation: it is said first, then it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.farewell.tools import farewell_tools
from device.skills.skill import Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk

ENDS: Final = ("stop", "goodbye", "sleep", "good_night")


def _slept(_output: dict[str, Any], _asked: Sequence[Meaning], _talk: Talk) -> list[str]:
    return []


FAREWELL: Final = Skill(
    name="farewell",
    tools=farewell_tools,
    calls=dict.fromkeys(ENDS, "sleep"),
    speaks_first=True,
    outputs={"sleep": _slept},
)
