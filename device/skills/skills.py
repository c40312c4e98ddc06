"""All skills, in the order in which their tools are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.skills.alarms.skill import ALARMS
from device.skills.arithmetic.skill import ARITHMETIC
from device.skills.cannot.skill import CANNOT
from device.skills.chance.skill import CHANCE
from device.skills.clock.skill import CLOCK
from device.skills.dates.skill import DATES
from device.skills.emergencies.skill import EMERGENCIES
from device.skills.farewell.skill import FAREWELL
from device.skills.house.skill import HOUSE
from device.skills.lists.skill import LISTS
from device.skills.microphone.skill import MICROPHONE
from device.skills.places.skill import PLACES
from device.skills.privacy.skill import PRIVACY
from device.skills.small_talk.skill import SMALL_TALK
from device.skills.speech.skill import SPEECH
from device.skills.spelling.skill import SPELLING
from device.skills.timers.skill import TIMERS
from device.skills.units.skill import UNITS
from device.skills.volume.skill import VOLUME
from device.tools.registry import Registry

if TYPE_CHECKING:
    from device.skills.skill import Device, Meaning, Skill, Talk

SKILLS: Final[tuple[Skill, ...]] = (
    CLOCK,
    TIMERS,
    ALARMS,
    LISTS,
    VOLUME,
    MICROPHONE,
    PRIVACY,
    FAREWELL,
    SPEECH,
    DATES,
    PLACES,
    ARITHMETIC,
    UNITS,
    SPELLING,
    CHANCE,
    HOUSE,
    EMERGENCIES,
    SMALL_TALK,
    CANNOT,
)

_BY_NAME: Final = {skill.name: skill for skill in SKILLS}


def readable(meaning: Meaning, talk: Talk) -> bool:
    """Return whether the skill of a meaning can make a call or an answer of what was said for its slots.

    What goes on from something else counts once it has that as its slot `before`.
    """
    skill = _BY_NAME.get(talk.language.skill_of.get(meaning.intent, ""))
    if skill is None or (meaning.intent in skill.follows and "before" not in meaning.slots):
        return True
    try:
        skill.answer(meaning, talk)
        if meaning.intent in skill.calls:
            skill.arguments(meaning, talk)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return False
    return True


def builtin_tools(device: Device) -> Registry:
    """Return the tools of all skills."""
    return Registry([tool for skill in SKILLS for tool in skill.tools(device)])
