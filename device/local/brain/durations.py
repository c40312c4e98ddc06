"""Spans of time, as they are said in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SHORT = {"sec": "second", "min": "minute", "hr": "hour"}
_UNIT = r"(second|minute|hour|day|week|sec|min|hr)s?"
_NUMBER = r"(\d+(?:\.\d+)?)"
_LAST = rf"{_NUMBER}(?=$|[,.?!]| for\b| please\b| timer\b)"
_SUMMED = re.compile(
    rf"(?<![\w.]){_NUMBER} ?{_UNIT}\b(?:(?:,? and |, | )(?:another )?(?:{_NUMBER} ?{_UNIT}\b|{_LAST}))*"
)
_PART = re.compile(rf"{_NUMBER}(?: ?{_UNIT}\b)?")
_SHAPED = (
    (re.compile(rf"\b(?:a )?3 quarters of an? {_UNIT}\b"), 0.75),
    (re.compile(rf"\b(?:an? )?(?:half|1/2) (?:of )?(?:an? )?{_UNIT}\b"), 0.5),
    (re.compile(rf"\b(?:an? |1 )?quarter (?:of )?(?:an? )?{_UNIT}\b"), 0.25),
    (re.compile(rf"(?<!\d )\b(?:(?:an?|1) )?{_UNIT} and (?:an? )?(half)\b(?! (?:an?|of|minute|second|hour)\b)"), 1.5),
    (
        re.compile(rf"(?<!\d )\b(?:(?:an?|1) )?{_UNIT} and (?:an? )?(quarter)\b(?! (?:an?|of|minute|second|hour)\b)"),
        1.25,
    ),
    (re.compile(rf"\ba couple (?:of )?{_UNIT}\b"), 2),
    (re.compile(rf"\ban? {_UNIT}\b"), 1),
)


def replace(text: str, by: Callable[[float], str]) -> str:
    """Return lower-case `text`, numbers in digits, with each span of time replaced by `by(seconds)`.

    They are such as "5 minutes", "1 hour and 30 minutes", "an hour and a half", "half an hour", "1 minute 30".
    """
    for pattern, count in _SHAPED:
        text = pattern.sub(lambda m, count=count: f"{count} {m[1]}s", text)  # type: ignore[misc]
    return _SUMMED.sub(lambda m: by(_seconds(m[0])), text)


def _seconds(phrase: str) -> float:
    total, last = 0.0, 0
    for number, unit in _PART.findall(phrase):
        # "1 hour 30" means minutes, "1 minute 30" seconds.
        last = SECONDS[_SHORT.get(unit, unit)] if unit else last // 60
        total += float(number) * last
    return total


def said(seconds: float) -> str:
    """Return a span of time, to the second, as it is said: "an hour and a half" is "1 hour and 30 minutes"."""
    rest = max(0, round(seconds))
    parts = []
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    if not parts:
        return "0 seconds"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
