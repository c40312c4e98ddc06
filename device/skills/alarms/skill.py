"""Alarms and reminders: what is asked of them, and what is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from device.language.when import EARLIEST, MomentError, When
from device.skills.alarms.spoken import Spoken
from device.skills.alarms.tools import SNOOZE_MINUTES, alarm_tools, repeat_of
from device.skills.skill import Arguments, Meaning, Skill
from device.skills.timers.names import timer_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.language.when import Moment
    from device.skills.skill import Talk

_CANCELS: Final = {
    "cancel_alarm": "alarm",
    "cancel_alarms": "alarm",
    "cancel_reminder": "reminder",
    "cancel_reminders": "reminder",
}


def _arguments(meaning: Meaning, talk: Talk) -> Arguments:
    text = Spoken(talk.language).turned(str(meaning.slots.get("text", "")))
    match meaning.intent:
        case "set_reminder" | "reminder_time" if "duration" in meaning.slots:
            return {"text": text, "in_seconds": round(meaning.number("duration"))}
        case "set_alarm" | "change_alarm" | "alarm_time" | "set_reminder" | "reminder_time":
            instead = {"instead": True} if meaning.intent == "change_alarm" else {}
            return {**({"text": text} if text else {}), **_when_arguments(meaning, talk), **instead}
        case "cancel_alarm" | "cancel_reminder":
            moment = _moment(meaning, talk) if _when(meaning).has_time else None
            at = f"{moment.time:%H:%M}" if moment else ""
            return {"kind": _CANCELS[meaning.intent], "time": at, "text": text}
        case "cancel_alarms" | "cancel_reminders":
            return {"kind": _CANCELS[meaning.intent], "all": True}
        case "snooze":
            minutes = meaning.number("duration", 0.0) / 60 or meaning.number("number", SNOOZE_MINUTES)
            return {"minutes": max(1, round(minutes))}
    return {}


def _when_arguments(meaning: Meaning, talk: Talk) -> Arguments:
    moment = _moment(meaning, talk)
    if moment is None:
        return {}
    return {
        "time": f"{moment.time:%H:%M}",
        "date": moment.date.isoformat() if moment.date else "",
        "repeat": repeat_of(moment.days) if moment.days else "",
    }


def _when(meaning: Meaning) -> When:
    """Return the moment that was said, in one part or two, or as bare numbers: "seven thirty"."""
    first, second = meaning.slots.get("when"), meaning.slots.get("when_too")
    when = first if isinstance(first, When) else When()
    if isinstance(second, When):
        when = when.with_(second)
    if "hour" in meaning.slots:
        hour, minute = meaning.number("hour"), meaning.number("minute", 0.0)
        whole = hour == int(hour) and minute == int(minute)
        if not (whole and 0 <= hour <= 24 and 0 <= minute < 60):
            return When()
        clock = When(hour=int(hour) % 24, minute=int(minute))
        return when.with_(clock) if when.fits(clock) else clock
    return when


def _moment(meaning: Meaning, talk: Talk) -> Moment | None:
    """Return the moment that is meant; None if there is none."""
    words, now = Spoken(talk.language).words, talk.now().replace(tzinfo=None)
    earliest = EARLIEST if meaning.intent in {"set_reminder", "reminder_time"} else words.earliest
    try:
        return _when(meaning).moment(now, words.usual, earliest=earliest)
    except MomentError:
        return None


def _answer(meaning: Meaning, talk: Talk) -> str:
    if "set_alarm" not in talk.tools:
        return talk.phrase("alarms_unavailable")
    if re.search(Spoken(talk.language).words.re_otherwise, str(meaning.slots.get("text", ""))):
        return talk.phrase("repeat_otherwise")
    return _question(meaning, talk)


def _question(meaning: Meaning, talk: Talk) -> str:
    """Return what must be known yet, or why it cannot be; "" if it can be done."""
    when = _when(meaning)
    match meaning.intent:
        case "ask_alarm" | "skip_alarm":
            return talk.reply("skip_alarm") if meaning.intent == "skip_alarm" else talk.phrase("ask_alarm")
        case "ask_reminder" | "reminder_time" if meaning.intent == "ask_reminder" or "text" not in meaning.slots:
            return talk.phrase("ask_reminder" if meaning.slots.get("text") else "ask_reminder_what")
        case "set_alarm" | "change_alarm" | "alarm_time" if not when.has_time:
            return talk.phrase("ask_alarm")
        case "set_alarm" | "change_alarm" | "alarm_time" | "set_reminder" | "reminder_time" if (
            "duration" not in meaning.slots
        ):
            try:
                when.moment(talk.now().replace(tzinfo=None))
            except MomentError as error:
                return talk.phrase(error.why)
    return ""


def _set_alarm(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if which := output.get("which"):
        return [talk.phrase("which_alarm", when=_whens(which, talk))]
    when = Spoken(talk.language).moment(output, talk.now())
    return [talk.phrase("alarm_waits" if "waits" in output else "alarm_set", when=when)]


def _set_reminder(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    waits = "waits" in output and "in_seconds" not in output
    when = _reminder_when(output, talk)
    return [talk.phrase("reminder_waits" if waits else "reminder_set", when=when, text=output["text"])]


def _reminder_when(told: dict[str, Any], talk: Talk) -> str:
    """Return when somebody is reminded: "at noon tomorrow", "in 20 minutes"."""
    spoken = Spoken(talk.language)
    if "in_seconds" in told:
        return spoken.words.in_.format(duration=talk.language.spans.said(told["in_seconds"], dative=True))
    return spoken.words.at.format(time=spoken.moment(told, talk.now()))


def _list(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    intents = {meaning.intent for meaning in asked}
    kinds = [kind for kind in ("alarm", "reminder") if f"list_{kind}s" in intents] or ["alarm", "reminder"]
    found = [(kind, [told for told in output["alarms"] if told["kind"] == kind]) for kind in kinds]
    return [_listed(kind, alarms, talk) for kind, alarms in found]


def _listed(kind: str, alarms: Sequence[dict[str, Any]], talk: Talk) -> str:
    if not alarms:
        return talk.phrase(f"no_{kind}s")
    how_many, key = len(alarms), f"one_{kind}" if len(alarms) == 1 else f"many_{kind}s"
    if kind == "alarm":
        return talk.phrase(key, how_many=how_many, when=_whens(alarms, talk))
    if how_many == 1:
        said = talk.phrase(key, when=_reminder_when(alarms[0], talk), text=alarms[0]["text"])
    else:
        said = talk.phrase(key, how_many=how_many, list=_texts(alarms, talk))
    return said


def _whens(alarms: Sequence[dict[str, Any]], talk: Talk) -> str:
    spoken = Spoken(talk.language)
    return spoken.all([spoken.moment(told, talk.now()) for told in alarms])


def _texts(alarms: Sequence[dict[str, Any]], talk: Talk) -> str:
    each = [talk.phrase("listed_reminder", when=_reminder_when(told, talk), text=told["text"]) for told in alarms]
    return "; ".join(said[:1].upper() + said[1:] for said in each)


def _cancelled(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if which := output.get("which"):
        reminders = [told for told in which if told["kind"] == "reminder"]
        if reminders:
            return [talk.phrase("which_reminder", list=_texts(reminders, talk))]
        return [talk.phrase("which_alarm", when=_whens(which, talk))]
    kind = next((_CANCELS[meaning.intent] for meaning in asked if meaning.intent in _CANCELS), "alarm")
    return [_gone(output["cancelled"], kind, talk)]


def _gone(cancelled: Sequence[dict[str, Any]], kind: str, talk: Talk) -> str:
    """Return what is said of what was cancelled, where alarms or reminders were spoken of."""
    kinds = {told["kind"] for told in cancelled}
    if not cancelled:
        return talk.phrase(f"no_{kind}_to_cancel")
    if kinds == {"timer"}:
        return talk.phrase("timers_instead", how_many=len(cancelled))
    if len(cancelled) > 1:
        known = kinds in ({"alarm"}, {"reminder"})
        return talk.phrase(f"many_{kinds.pop()}s_cancelled" if known else "many_cancelled", how_many=len(cancelled))
    (told,) = cancelled
    if told["kind"] == "reminder":
        return talk.phrase("reminder_cancelled", text=told["text"])
    when = Spoken(talk.language).moment(told, talk.now()) if "time" in told else ""
    return talk.phrase("alarm_cancelled" if when else "ringing_stopped", when=when)


def _snoozed(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if name := output.get("extended"):
        left = talk.language.spans.said(output["remaining_seconds"])
        return [talk.phrase("named_timer_left", name=timer_names(talk.language.language).short(name), duration=left)]
    if not output["snoozed"]:
        return [talk.phrase("nothing_rang")]
    return [talk.phrase("snoozed", duration=talk.language.spans.said(60 * output["minutes"], dative=True))]


def _corrected(before: Meaning, meant: Meaning, _outputs: Sequence[dict[str, Any]]) -> list[Meaning]:
    """Return what puts an alarm or a reminder right: a reminder is cancelled, and set anew."""
    if meant.intent == "set_alarm":
        return [Meaning("change_alarm", meant.slots)]
    if meant.intent == "set_reminder":
        return [Meaning("cancel_reminder", {"text": before.slots.get("text", "")}), meant]
    return [meant]


ALARMS: Final = Skill(
    name="alarms",
    tools=alarm_tools,
    calls={
        "set_alarm": "set_alarm",
        "alarm_time": "set_alarm",
        "change_alarm": "set_alarm",
        "set_reminder": "set_reminder",
        "reminder_time": "set_reminder",
        "list_alarms": "list_alarms",
        "list_reminders": "list_alarms",
        **dict.fromkeys(_CANCELS, "cancel_alarm"),
        "snooze": "snooze",
    },
    arguments=_arguments,
    usual={"in_seconds": (1, 366 * 86_400), "minutes": (1, 180)},
    unavailable="alarms_unavailable",
    answer=_answer,
    corrected=_corrected,
    outputs={
        "set_alarm": _set_alarm,
        "set_reminder": _set_reminder,
        "list_alarms": _list,
        "cancel_alarm": _cancelled,
        "snooze": _snoozed,
    },
    again={"set_alarm": "ask_alarm"},
    answers_to={"alarm_time": "ask_alarm", "reminder_time": "ask_reminder"},
)
