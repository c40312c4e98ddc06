"""What an engine's model is told."""

from __future__ import annotations

import pytest
from msgspec.structs import asdict, replace

from device.engines.prompt import instructions
from device.settings.instructions import Instructions
from device.settings.tree import Settings

EMPTY = Instructions(**dict.fromkeys(Instructions.__struct_fields__, ""))


def test_sections_come_in_their_order_a_line_each() -> None:
    told = Instructions(**{name: f" {name}\n" for name in Instructions.__struct_fields__})
    assert instructions(Settings(instructions=told)).split("\n") == list(asdict(told))


@pytest.mark.parametrize(("tools", "told"), [(("sleep",), "Say goodbye."), ((), "")])
def test_a_conversation_ends_by_a_tool_only_where_there_is_one(tools: tuple[str, ...], told: str) -> None:
    assert instructions(Settings(tools=tools, instructions=replace(EMPTY, ending="Say goodbye."))) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("You are {name}.", "You are Jarvis."),
        ("Speak {language}.", "Speak de."),
        ("{name}, {name}: {other} {} {0} {", "Jarvis, Jarvis: {other} {} {0} {"),
    ],
)
def test_name_and_language_are_filled_in_and_all_else_stays(text: str, told: str) -> None:
    settings = Settings(name="Jarvis", language="de", instructions=replace(EMPTY, role=text))
    assert instructions(settings) == told
