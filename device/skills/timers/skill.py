"""Timers: what is asked of them, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.skill import Arguments, Meaning, Skill
from device.skills.timers.names import TimerNames, timer_names
from device.skills.timers.timers import LAST, LONGEST_S
from device.skills.timers.tools import timer_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Talk


def _arguments(meaning: Meaning, talk: Talk) -> Arguments:
    match meaning.intent:
        case "set_timer" | "duration":
            # A bare number is the answer to "for how long?", in minutes.
            seconds = meaning.number("duration", 60 * meaning.number("number", 0.0))
            return {"seconds": round(seconds), "name": str(meaning.slots.get("name", ""))}
        case "cancel_timer":
            every: Arguments = {"all": True} if meaning.slots.get("all") else {}
            return {"name": _asked_name(meaning, talk), **every}
        case "correct_timer":
            return {"name": _asked_name(meaning, talk) or LAST, **_change(meaning)}
        case "list_timers" | "next_timer" | "count_timers":
            return {}
    return {"name": _asked_name(meaning, talk), **_change(meaning)}


def _change(meaning: Meaning) -> Arguments:
    """Return what shall be changed of a timer."""
    match meaning.intent:
        case "add_time":
            return {"add_seconds": _seconds(meaning)}
        case "take_time":
            return {"add_seconds": -_seconds(meaning)}
        case "correct_timer":
            return {"seconds": _seconds(meaning)}
        case "rename_timer":
            return {"new_name": str(meaning.slots["new_name"])}
    return {"pause": meaning.intent == "pause_timer"}


def _seconds(meaning: Meaning) -> int:
    """Return by how much a timer shall be changed, or to what; a bare number is in minutes."""
    return round(meaning.number("by") if "by" in meaning.slots else 60 * meaning.number("number"))


def _asked_name(meaning: Meaning, talk: Talk) -> str:
    """Return what a timer that is spoken of is called: by its name, or else by how long it was set for."""
    if meaning.slots.get("one"):
        return LAST
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
    return talk.reply(meaning.intent) if meaning.intent == "restart_timer" else ""


def _set(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    names, seconds = _names(talk), output["seconds"]
    name = names.given(output.get("name") or "", round(seconds))
    said = talk.language.spans.said(seconds)
    return [talk.phrase("named_timer_set" if name else "timer_set", duration=said, name=names.short(name))]


def _list(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    timers, names = output["timers"], _names(talk)
    name = next(filter(None, (_asked_name(meaning, talk) for meaning in asked)), "")
    if name == LAST and len(timers) > 1:
        timers = [timer for timer in timers if timer.get("set_last")]
    elif name not in {"", LAST} and timers:
        meant = names.meant([str(timer.get("name") or "") for timer in timers], name)
        timers = [timer for timer in timers if str(timer.get("name") or "") in meant]
        if not timers:
            return [talk.phrase("no_such_timer", name=names.short(name))]
    if not timers:
        return [talk.phrase("no_timers")]
    if any(meaning.intent == "next_timer" for meaning in asked):
        timers = timers[:1]
    left = [_left(timer, talk) for timer in timers]
    if any(meaning.intent == "count_timers" for meaning in asked):
        phrase = "timer_count_one" if len(timers) == 1 else "timer_count"
        return [talk.phrase(phrase, how_many=len(timers)), *left]
    return left


def _left(timer: dict[str, Any], talk: Talk) -> str:
    name, seconds = _names(talk).short(timer.get("name") or ""), timer["remaining_seconds"]
    said = talk.language.spans.said(seconds)
    if timer.get("paused") and name:
        return talk.phrase("timer_paused_left", name=name, duration=said)
    if name:
        return talk.phrase("named_timer_left", name=name, duration=said)
    return talk.phrase(
        "timer_left_one" if talk.language.spans.begins_with_one(timer["remaining_seconds"]) else "timer_left",
        duration=said,
    )


def _which(output: dict[str, Any], talk: Talk) -> list[str]:
    """Return the question which timer is meant, of several; nothing if that is known."""
    short = _names(talk).short
    which = output.get("which")
    return [talk.phrase("which_timer", names=", ".join(map(short, which)))] if which else []


def _cancelled(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if question := _which(output, talk):
        return question
    names = [timer.get("name") if isinstance(timer, dict) else timer for timer in output["cancelled"]]
    if not names:
        return [talk.phrase("cancelled_none")]
    if len(names) > 1:
        return [talk.phrase("cancelled_all", how_many=len(names))]
    name = _names(talk).short(names[0] or "")
    return [talk.phrase("cancelled_named" if name else "cancelled_one", name=name)]


def _changed(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if question := _which(output, talk):
        return question
    names = _names(talk)
    intents = {meaning.intent for meaning in asked}
    changed = output["changed"]
    if not changed:
        return [talk.phrase("no_timers")]
    for intent in ("pause_timer", "resume_timer"):
        if intent in intents and len(changed) > 1:
            return [talk.phrase(f"{intent}s", how_many=len(changed))]
    key = next((i for i in ("pause_timer", "resume_timer", "rename_timer") if i in intents), "named_timer_left")
    said = [(names.short(timer["name"]), talk.language.spans.said(timer["remaining_seconds"])) for timer in changed]
    return [talk.phrase(key, name=name, duration=duration) for name, duration in said]


def _names(talk: Talk) -> TimerNames:
    return timer_names(talk.language.language)


def _corrected(before: Meaning, meant: Meaning, _outputs: Sequence[dict[str, Any]]) -> list[Meaning]:
    """Return what changes the timer that was set last, or something was done with, to what was meant."""
    if meant.intent != "set_timer":
        return [meant]
    if meant.slots.get("duration") != before.slots.get("duration"):
        return [Meaning("correct_timer", {"by": meant.slots["duration"]})]
    return [Meaning("rename_timer", {"one": True, "new_name": meant.slots["name"]})]


TIMERS: Final = Skill(
    name="timers",
    tools=timer_tools,
    calls={
        "set_timer": "set_timer",
        "duration": "set_timer",
        "list_timers": "list_timers",
        "next_timer": "list_timers",
        "count_timers": "list_timers",
        "cancel_timer": "cancel_timer",
        **dict.fromkeys(
            ("add_time", "take_time", "correct_timer", "pause_timer", "resume_timer", "rename_timer"), "change_timer"
        ),
    },
    arguments=_arguments,
    usual={"seconds": (1, 7 * LONGEST_S), "add_seconds": (-LONGEST_S, LONGEST_S)},
    out_of_range=_out_of_range,
    unavailable="timers_unavailable",
    answer=_answer,
    outputs={"set_timer": _set, "list_timers": _list, "cancel_timer": _cancelled, "change_timer": _changed},
    again={"set_timer": "ask_duration"},
    corrected=_corrected,
    answers_to={"duration": "ask_duration", "that_timer": "which_timer"},
    says_which=frozenset({"that_timer"}),
)
