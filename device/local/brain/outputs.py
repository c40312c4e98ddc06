"""What is said of the output of one of the client's functions; those of skills are theirs to phrase."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Skill, Talk


def say(skill: Skill | None, tool: str, text: str, asked: Sequence[Meaning], talk: Talk) -> list[str]:
    """Return what to say of the output `text` of the function `tool` that was called for what was `asked`.

    `skill` is the one that has such a tool, if any.
    """
    try:
        output = json.loads(text)
    except ValueError:
        return [text.strip() or talk.phrase("done")]
    if isinstance(output, dict) and "error" in output:
        return [_failure(output["error"], talk)]
    known = skill.outputs.get(tool) if skill else None
    try:
        if known and isinstance(output, dict):
            return known(output, asked, talk)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        pass  # another client's function of the same name: its output is not ours to phrase
    return [output if isinstance(output, str) and output.strip() else talk.phrase("done")]


def _failure(error: object, talk: Talk) -> str:
    """Return what to say of what a tool said of its failure: that is written for models, in English."""
    told = str(error).strip()
    for pattern, said in talk.language.common.failures:
        if re.search(pattern, told):
            return said
    if not told:
        return talk.phrase("failed_unexplained")
    return talk.phrase("failed", error=told if told[-1] in ".!?" else f"{told}.")
