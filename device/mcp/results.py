"""What a tool's result says, as the engine's model is told: text, bounded, and a word on what cannot be heard. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from device.system.inputs import too_deep
from device.tools.registry import ToolError

LONGEST: Final = 12_000
"""Characters that are told, some 3,000 tokens. A choice: a house of 200 entities has them in its `GetLiveContext`."""
LONGEST_FAULT: Final = 500
"""Characters of a fault that are told: what the model makes a sentence of."""
MOST_PARTS: Final = 100
"""Parts of a result that are looked at."""
_CALLED: Final = {"image": "image", "audio": "sound", "resource_link": "link", "resource": "file"}


def output(result: dict[str, Any]) -> Any:
    """Return what the model is told of a result, to go to JSON. Raises ToolError if the tool says that it failed."""
    if result.get("resultType") == "input_required":
        raise ToolError("it asks back for something that can only be given on a screen: it cannot be done by voice")
    content = result.get("content")
    parts = content[:MOST_PARTS] if isinstance(content, list) else []
    texts = [text for part in parts if (text := _text(part))]
    left_out = Counter(
        _CALLED.get(str(part.get("type")), "part") for part in parts if isinstance(part, dict) and not _text(part)
    )
    text = "\n".join(texts)
    if result.get("isError") is True:
        raise ToolError(text[:LONGEST_FAULT] or "it failed, and does not say why")
    told: dict[str, Any] = {}
    if not text and result.get("structuredContent") is not None:
        text = msgspec.json.encode(result["structuredContent"]).decode()
    if text or not left_out:
        told["result"] = _value(text) if len(text) <= LONGEST else text[:LONGEST]
    if len(text) > LONGEST:
        told["shortened"] = f"the first {LONGEST} of {len(text)} characters"
    if left_out:
        what = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in left_out.items())
        told["left_out"] = f"{what}: nobody can hear that; say that there is one, if it matters"
    return told


def _text(part: Any) -> str:
    match part:
        case {"type": "text", "text": str(text)} | {"type": "resource", "resource": {"text": str(text)}}:
            return text.strip()
        case _:
            return ""


def _value(text: str) -> Any:
    """Return what a text says, as JSON if it is an object or a list in JSON; else the text."""
    if text[:1] in ("{", "["):
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
        return text if too_deep(value) else value
    return text
