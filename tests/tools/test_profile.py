"""The tools that a profile brings along."""

import pytest
from msgspec.structs import replace
from support.skills import Machine

from device.settings.profiles import load
from device.tools.profile import profile_tools
from device.tools.result import NAME


def test_without_a_profile_there_are_none():
    assert profile_tools(None) == []


def test_a_tool_for_each_look_up_and_one_for_the_result():
    profile = load("support")
    assert [tool.name for tool in profile_tools(profile)] == [*profile.lookups, NAME]
    assert [tool.name for tool in profile_tools(replace(profile, result_schema=None))] == [*profile.lookups]


def test_they_are_offered_beside_the_built_in_ones_and_once():
    there = Machine().tools
    mine = profile_tools(load("support"))
    offered = [spec.name for spec in there.offering(["sleep"], mine).specs()]
    assert offered == ["sleep", "find_order", "find_answer", "submit_result"]
    with pytest.raises(ValueError, match="two tools called find_order"):
        there.offering([], mine * 2)
