"""Timers: what is asked of them, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.skill import Arguments, Skill
from device.skills.timers.names import TimerNames, timer_names
from device.skills.timers.timers import LONGEST_S
from device.skills.timers.tools import timer_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk


def _arguments(meaning: Meaning, talk: Talk) -> Arguments:
    match meaning.intent:
        case "set_timer" | "duration":
            # A bare number is the answer to "for how long?", in minutes.
            seconds = meaning.number("duration", 60 * meaning.number("number", 0.0))
            return {"seconds": round(seconds), "name": str(meaning.slots.get("name", ""))}
        case "cancel_timer":
            return {"name": _asked_name(meaning, talk)}
    return {}


def _asked_name(meaning: Meaning, talk: Talk) -> str:
    """Return what a timer that is spoken of is called: by its name, or else by how long it was set for."""
    if name := meaning.slots.get("name"):
        return str(name)
    length = meaning.slots.get("duration")
    return _names(talk).usual(round(length)) if isinstance(length, float) else ""


def _out_of_range(name: str, value: float, most: float, talk: Talk) -> str:
    if name != "seconds":
        return talk.phrase("too_much")
    if value > most:
        return talk.phrase("timer_too_long", longest=talk.language.spans.said(most))
    return talk.phrase("timer_range")


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent == "ask_duration":
        return talk.phrase("ask_duration" if "set_timer" in talk.tools else "timers_unavailable")
    return ""


def _set(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    names, seconds = _names(talk), output["seconds"]
    name = names.given(output.get("name") or "", round(seconds))
    said = talk.language.spans.said(seconds)
    return [talk.phrase("named_timer_set" if name else "timer_set", duration=said, name=names.short(name))]


def _list(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    timers, names = output["timers"], _names(talk)
    name = next(filter(None, (_asked_name(meaning, talk) for meaning in asked)), "")
    if name and timers:
        timers = [timer for timer in timers if names.same(str(timer.get("name") or ""), name)]
        if not timers:
            return [talk.phrase("no_such_timer", name=names.short(name))]
    if not timers:
        return [talk.phrase("no_timers")]
    return [_left(names.short(timer.get("name") or ""), timer["remaining_seconds"], talk) for timer in timers]


def _left(name: str, seconds: float, talk: Talk) -> str:
    said = talk.language.spans.said(seconds)
    if name:
        return talk.phrase("named_timer_left", name=name, duration=said)
    return talk.phrase(
        "timer_left_one" if talk.language.spans.begins_with_one(seconds) else "timer_left", duration=said
    )


def _cancelled(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    names = [timer.get("name") if isinstance(timer, dict) else timer for timer in output["cancelled"]]
    if not names:
        return [talk.phrase("cancelled_none")]
    if len(names) > 1:
        return [talk.phrase("cancelled_all", how_many=len(names))]
    name = _names(talk).short(names[0] or "")
    return [talk.phrase("cancelled_named" if name else "cancelled_one", name=name)]


def _names(talk: Talk) -> TimerNames:
    return timer_names(talk.language.language)


TIMERS: Final = Skill(
    name="timers",
    tools=timer_tools,
    calls={
        "set_timer": "set_timer",
        "duration": "set_timer",
        "list_timers": "list_timers",
        "cancel_timer": "cancel_timer",
    },
    arguments=_arguments,
    usual={"seconds": (1, 7 * LONGEST_S)},
    out_of_range=_out_of_range,
    unavailable="timers_unavailable",
    answer=_answer,
    outputs={"set_timer": _set, "list_timers": _list, "cancel_timer": _cancelled},
    again={"set_timer": "ask_duration"},
    answers_to={"duration": "ask_duration"},
)
