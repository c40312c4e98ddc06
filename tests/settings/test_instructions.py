"""The instructions: short, speakable, and replaceable section by section."""

import re

import msgspec
import pytest

from device.engines.prompt import instructions
from device.settings.instructions import Instructions, sections
from device.settings.tree import Settings

SECTIONS = Instructions.__struct_fields__


def test_the_built_in_instructions_are_short_and_follow_their_own_advice():
    told = instructions(Settings())
    assert 100 <= len(told.split()) <= 240
    assert not re.search(r"[*#`|•\[\]{}\d]", told), "no markdown, no digits, nothing left to fill in"
    assert all(len(sentence.split()) <= 30 for sentence in re.split(r"[.;:]\s", told))


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ("style", "lists"),
        ("style", "as words"),
        ("interruptions", "cut you off"),
        ("tools", "fails"),
        ("safety", "invent"),
    ],
)
def test_what_a_voice_needs_is_said_in_its_section(section, word):
    assert word in getattr(Instructions(), section)


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_can_be_replaced_or_left_out_alone(section):
    whole = instructions(Settings()).splitlines()
    assert len(whole) == len(SECTIONS)
    at = SECTIONS.index(section)
    changed = Settings(instructions=msgspec.structs.replace(Instructions(), **{section: "My own."}))
    assert instructions(changed).splitlines() == [*whole[:at], "My own.", *whole[at + 1 :]]
    without = Settings(instructions=msgspec.structs.replace(Instructions(), **{section: " "}))
    assert instructions(without).splitlines() == [*whole[:at], *whole[at + 1 :]]


def test_names_are_filled_in_and_other_braces_left_alone():
    told = instructions(Settings(name="Butler", language="fr", instructions=Instructions(role="{name}: {x} {")))
    assert told.startswith("Butler: {x} {\n")
    assert "the code fr." in told


def test_the_tool_sleep_is_only_spoken_of_where_it_is_offered():
    assert "tool sleep" in instructions(Settings())
    assert "tool sleep" not in instructions(Settings(tools=("get_time",)))


def test_a_text_stands_for_all_sections():
    only = msgspec.convert(sections("Rhyme."), Instructions)
    assert instructions(Settings(instructions=only)) == "Rhyme."
    assert msgspec.convert(sections(""), Instructions) == Instructions()
    assert sections({"style": "x"}) == {"style": "x"}
