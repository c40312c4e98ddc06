from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.skills import Machine

from device.language.files import languages
from device.language.language import load_language
from device.language.phrases import Phrases
from device.language.when import When
from device.settings.tools import Builtin
from device.skills.arithmetic.sums import Sum
from device.skills.skill import Meaning, Talk
from device.skills.skills import SKILLS, readable

ENGLISH = load_language("en")
NAMES = ["a", "b", "by", "day", "duration", "hour", "items", "list", "name", "number", "sum", "text", "weekday", "when"]
VALUES = st.one_of(
    st.floats(), st.text(max_size=9), st.just(When(hour=7)), st.builds(Sum, st.just([1.0, 0.0]), st.just(["/"]))
)


@pytest.fixture
def device():
    return Machine()


def test_every_tool_is_described(device):
    specs = {spec.name: spec for spec in device.tools.specs()}
    for spec in specs.values():
        assert len(spec.description) > 20
        assert spec.parameters["type"] == "object"
        assert spec.parameters["additionalProperties"] is False
    assert specs["set_timer"].parameters["required"] == ["seconds"]
    assert specs["set_timer"].parameters["properties"]["seconds"]["maximum"] == 86_400


def test_the_names_of_the_tools_are_those_of_the_settings(device):
    assert tuple(spec.name for spec in device.tools.specs()) == get_args(Builtin)


def test_every_tool_that_a_skill_calls_or_speaks_of_is_its_own(device):
    for skill in SKILLS:
        own = {tool.name for tool in skill.tools(device.device)}
        elsewhere = bool(skill.instead)  # its tools are those of a server, if one has them
        assert elsewhere or {*skill.calls.values(), *skill.outputs} <= own, skill.name


def test_no_two_skills_have_a_name():
    assert len({skill.name for skill in SKILLS}) == len(SKILLS)


@pytest.mark.parametrize("language", languages())
def test_every_file_of_a_language_is_of_a_skill(language):
    assert set(load_language(language).skills) <= {skill.name for skill in SKILLS}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_what_the_code_of_a_skill_names_is_in_its_file(skill, language):
    words = load_language(language).skills.get(skill.name)
    if words is None:
        assert language != "en", "English is whole"
        return
    assert {*skill.calls, *skill.again, *skill.answers_to} <= set(words.intents)
    assert {*skill.answers_to.values(), *filter(None, [skill.unavailable])} <= set(words.phrases)


@pytest.mark.parametrize(
    ("intent", "slots", "is_readable"),
    [
        ("take_time", {"by": 300.0}, True),
        ("take_time", {"number": 5.0}, True),
        ("take_time", {}, False),
        ("take_time", {"by": "five"}, False),
        ("then_add", {"b": "of what was before"}, True),
        ("called", {}, True),
    ],
)
def test_what_a_skill_can_make_nothing_of_is_known(intent, slots, is_readable):
    talk = Talk(language=ENGLISH, phrases=Phrases(ENGLISH, "Jarvis"), now=lambda: datetime(2026, 11, 24, 10, 14))  # noqa: DTZ001
    assert readable(Meaning(intent, slots), talk) is is_readable


@given(st.sampled_from(sorted(ENGLISH.intents)), st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_whatever_was_said_for_its_slots_no_skill_raises(intent, slots):
    talk = Talk(language=ENGLISH, phrases=Phrases(ENGLISH, "Jarvis"), now=lambda: datetime(2026, 11, 24, 10, 14))  # noqa: DTZ001
    assert readable(Meaning(intent, slots), talk) in {True, False}
