"""Muting the microphone: what is asked, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.microphone.tools import microphone_tools
from device.skills.skill import Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk


def _muted(_output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    return [talk.phrase("muted")]


MICROPHONE: Final = Skill(
    name="microphone",
    tools=microphone_tools,
    calls={"mute": "mute"},
    unavailable="mute_unavailable",
    outputs={"mute": _muted},
)
