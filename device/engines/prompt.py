"""What an engine's model is told: the sections of the settings as one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from device.settings.tree import Settings


def instructions(settings: Settings) -> str:
    """Return the instructions in force, a line a section."""
    told = msgspec.structs.asdict(settings.instructions)
    if "sleep" not in settings.tools:
        del told["ending"]
    text = "\n".join(section.strip() for section in told.values() if section.strip())
    # Not str.format: a user's text may have braces of its own.
    return text.replace("{name}", settings.name).replace("{language}", settings.language)
