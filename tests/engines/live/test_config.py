"""What is asked of GPT-Live."""

from __future__ import annotations

from typing import Any

import pytest

from device.conversation.engine import Said, ToolSpec, Wanted
from device.engines.live.config import BACKEND, LiveConfig, session_of
from device.settings.engines import LiveEngine

LOOK_UP = ToolSpec("look_up", "Looks something up.", {"type": "object", "properties": {}})
ASK = ToolSpec("ask", "Does anything.", {"type": "object", "properties": {"request": {"type": "string"}}})
HANDED = "Be brief.\n\nDelegate whatever needs one of these:"


def config(*tools: ToolSpec, instructions: str = "Be brief.", **engine: Any) -> LiveConfig:
    return LiveConfig(
        engine=LiveEngine(url="ws://x/", model="gpt-live-1", **engine),
        wanted=Wanted(instructions=instructions, tools=tools),
    )


@pytest.mark.parametrize(
    ("delegate", "tools", "found"),
    [("ask", (ASK, LOOK_UP), "ask"), ("ask", (LOOK_UP,), ""), ("ask", (), ""), ("", (ASK,), "")],
)
def test_work_goes_to_a_tool_that_there_is(delegate: str, tools: tuple[ToolSpec, ...], found: str) -> None:
    assert config(*tools, delegate=delegate).delegate == found


@pytest.mark.parametrize(
    ("tools", "engine", "who"),
    [
        ((LOOK_UP,), {"backend": "b"}, "responses"),
        ((LOOK_UP,), {}, "client"),  # nobody can call it
        ((), {"backend": "b"}, "client"),  # there is nothing to call
        ((ASK,), {"delegate": "ask"}, "client"),
        ((ASK, LOOK_UP), {"delegate": "ask", "backend": "b"}, "client"),
        ((LOOK_UP,), {"delegate": "ask", "backend": "b"}, "responses"),
    ],
)
def test_who_does_the_work(tools: tuple[ToolSpec, ...], engine: dict[str, str], who: str) -> None:
    assert session_of(config(*tools, **engine), ()).delegation.type == who


def test_the_backend_gets_the_tools_and_the_instructions() -> None:
    asked = session_of(config(LOOK_UP, backend="b"), ()).delegation.responses
    assert asked is not None
    assert asked.model == "b"
    assert asked.instructions == f"{BACKEND}\n\nBe brief."
    assert [(tool.name, tool.description) for tool in asked.tools] == [("look_up", "Looks something up.")]


@pytest.mark.parametrize(
    ("tools", "engine", "told"),
    [
        ((), {}, "Be brief."),
        ((LOOK_UP,), {}, "Be brief."),
        (
            (LOOK_UP,),
            {"backend": "b"},
            f"{HANDED}\n- look_up: Looks something up.",
        ),
        (
            (LOOK_UP, ASK),
            {"delegate": "ask"},
            f"{HANDED}\n- ask: Does anything.",
        ),
    ],
)
def test_the_model_that_speaks_is_told_what_can_be_handed_over(
    tools: tuple[ToolSpec, ...], engine: dict[str, str], told: str
) -> None:
    assert session_of(config(*tools, **engine), ()).instructions == told


def test_what_is_not_said_is_left_to_the_server() -> None:
    session = session_of(config(instructions=""), ())
    assert (session.instructions, session.input) == (None, None)
    assert session.audio.output.voice is None
    assert session_of(config(voice="ash"), ()).audio.output.voice == "ash"


def test_the_history_is_the_beginning() -> None:
    session = session_of(config(), [Said("user", "Hello"), Said("assistant", "Good day.")])
    assert session.input is not None
    assert [(one.role, one.content[0].type, one.content[0].text) for one in session.input] == [
        ("user", "input_text", "Hello"),
        ("assistant", "output_text", "Good day."),
    ]
