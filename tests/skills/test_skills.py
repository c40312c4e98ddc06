from typing import get_args

import pytest
from support.skills import Machine

from device.language.files import languages
from device.language.language import load_language
from device.settings.tools import Builtin
from device.skills.skills import SKILLS


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
        assert {*skill.calls.values(), *skill.outputs} <= own, skill.name


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
