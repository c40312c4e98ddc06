"""What cannot be done: what is said of it is in the language files."""

from __future__ import annotations

from typing import Final

from device.skills.skill import Skill

CANNOT: Final = Skill(name="cannot")
