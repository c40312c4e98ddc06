"""What is said of the output of one of the client's functions; the built-in ones of the daemon are `device.tools`."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from device.local.brain import durations
from device.local.brain.moments import CLOCK, clock_answer
from device.local.brain.understand import Meaning
from device.system.wall_clock import local_time
from device.tools.timers import default_name, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.local.brain.answers import Phrases

_SAME_CLOCK = timedelta(minutes=2)
"""As far apart may be what the client's clock said, without seconds, and this one, by the time it is spoken of."""


def say(tool: str, text: str, asked: Sequence[Meaning], phrases: Phrases, count: int) -> list[str]:
    """Return what to say of the output `text` of the function `tool` that was called for what was `asked`.

    `count` chooses among phrases that mean the same.
    """
    try:
        output = json.loads(text)
    except ValueError:
        return [text.strip() or phrases.phrase("done")]
    if isinstance(output, dict) and "error" in output:
        return [phrases.phrase("failed", error=_sentence(output["error"]))]
    known = _OUTPUTS.get(tool)
    try:
        if known and isinstance(output, dict):
            return known(output, asked, phrases, count)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        pass  # another client's function of the same name: its output is not ours to phrase
    return [output if isinstance(output, str) and output.strip() else phrases.phrase("done")]


def _time(output: dict[str, Any], asked: Sequence[Meaning], phrases: Phrases, _count: int) -> list[str]:
    now = datetime.fromisoformat(f"{output['date']}T{output['time']}")
    here = local_time()
    if now.tzinfo is None and abs(here.replace(tzinfo=None) - now) < _SAME_CLOCK:
        now = here  # the client's zone is this one, whose summer time is known
    wanted = [meaning for meaning in asked if meaning.intent in CLOCK] or [Meaning("time", {})]
    return [clock_answer(meaning, now, phrases) for meaning in wanted]


def _timer_set(output: dict[str, Any], _asked: Sequence[Meaning], phrases: Phrases, count: int) -> list[str]:
    name = _name(output.get("name"))
    if name and re.search(r"\b(second|minute|hour)\b", name):  # which is its length: nobody gave it another
        name = ""
    said = durations.said(output["seconds"])
    return [phrases.phrase("named_timer_set" if name else "timer_set", count, duration=said, name=name)]


def _timers(output: dict[str, Any], asked: Sequence[Meaning], phrases: Phrases, _count: int) -> list[str]:
    timers = output["timers"]
    name = next(filter(None, map(timer_name, asked)), "")
    if name and timers:
        timers = [timer for timer in timers if same(str(timer.get("name") or ""), name)]
        if not timers:
            return [phrases.phrase("no_such_timer", name=_name(name))]
    if not timers:
        return [phrases.phrase("no_timers")]
    return [_left(_name(timer.get("name")), timer["remaining_seconds"], phrases) for timer in timers]


def timer_name(meaning: Meaning) -> str:
    """Return what a timer that is spoken of is called: by its name, or else by how long it was set for."""
    if name := meaning.slots.get("name"):
        return str(name)
    length = meaning.slots.get("duration")
    return default_name(round(length)) if isinstance(length, float) else ""


def _left(name: str | None, seconds: float, phrases: Phrases) -> str:
    said = durations.said(seconds)
    if name:
        return phrases.phrase("named_timer_left", name=name, duration=said)
    return phrases.phrase("timer_left_one" if said.startswith("1 ") else "timer_left", duration=said)


def _cancelled(output: dict[str, Any], _asked: Sequence[Meaning], phrases: Phrases, _count: int) -> list[str]:
    names = [_name(timer.get("name") if isinstance(timer, dict) else timer) for timer in output["cancelled"]]
    if not names:
        return [phrases.phrase("cancelled_none")]
    if len(names) > 1:
        return [phrases.phrase("cancelled_all", how_many=len(names))]
    return [phrases.phrase("cancelled_named" if names[0] else "cancelled_one", name=names[0])]


def _name(name: str | None) -> str | None:
    """Return a timer's name without the word that the phrases add: "five minute timer" is the five minute timer."""
    return name.removesuffix(" timer") if name else name


def _volume(output: dict[str, Any], _asked: Sequence[Meaning], phrases: Phrases, _count: int) -> list[str]:
    return [phrases.phrase("volume", percent=output["percent"])]


def _muted(_output: dict[str, Any], _asked: Sequence[Meaning], phrases: Phrases, _count: int) -> list[str]:
    return [phrases.phrase("muted")]


def _slept(_output: dict[str, Any], _asked: Sequence[Meaning], _phrases: Phrases, _count: int) -> list[str]:
    return []


_OUTPUTS = {
    "get_time": _time,
    "set_timer": _timer_set,
    "list_timers": _timers,
    "cancel_timer": _cancelled,
    "set_volume": _volume,
    "mute": _muted,
    "sleep": _slept,
}


def _sentence(text: object) -> str:
    said = str(text).strip() or "no reason was given"
    return said if said[-1] in ".!?" else f"{said}."
