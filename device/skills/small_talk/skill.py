"""Small talk: all of it is in the language files."""

from __future__ import annotations

from typing import Final

from device.skills.skill import Skill

SMALL_TALK: Final = Skill(
    name="small_talk",
    again={intent: intent for intent in ("joke", "story", "fact", "sing")},
)
