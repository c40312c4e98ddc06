"""The tools that a profile brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.tools.lookup import lookup_tool
from device.tools.result import result_tool

if TYPE_CHECKING:
    from device.settings.profiles import Profile
    from device.tools.registry import Tool


def profile_tools(profile: Profile | None, language: str = "en") -> list[Tool]:
    """Return what a profile looks up in a language, and with a result schema the tool that submits the result, too."""
    if profile is None:
        return []
    result = [result_tool(profile.result_schema)] if profile.result_schema else []
    return [*(lookup_tool(name, lookup, rows, language) for name, (lookup, rows) in profile.lookups.items()), *result]
