"""What is asked of Gemini Live."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.engine import ToolSpec, Wanted
from device.engines.gemini.config import GeminiConfig, schema_of, setup_of
from device.settings.engines import GeminiEngine
from device.wire import gemini as wire

TOOL = ToolSpec("look_up", "Looks something up.", {"type": "object", "properties": {"n": {"type": "integer"}}})
NO_ARGUMENTS = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})


def config(engine: dict[str, Any] | None = None, **wanted: Any) -> GeminiConfig:
    return GeminiConfig(
        engine=GeminiEngine(**{"url": "ws://x/", "model": "gemini-3.8-live", **(engine or {})}), wanted=Wanted(**wanted)
    )


@pytest.mark.parametrize(("tools", "blocking"), [("blocking", True), ("non_blocking", False)])
def test_whether_the_model_waits_for_its_tools(tools: str, blocking: bool) -> None:
    asked = config({"tools": tools}, tools=(TOOL,))
    assert asked.blocking is blocking
    [made] = setup_of(asked).tools or ()
    assert made.function_declarations[0].behavior == ("BLOCKING" if blocking else "NON_BLOCKING")


@pytest.mark.parametrize(
    ("wanted", "manual"), [("device", True), ("auto", False), ("server", False), ("semantic", False)]
)
def test_the_device_says_where_turns_end_only_if_that_is_wanted(wanted: str, manual: bool) -> None:
    asked = config(end_of_turn=wanted, silence_ms=700)
    assert asked.manual is manual
    detection = setup_of(asked).realtime_input_config.automatic_activity_detection
    assert detection.disabled is (True if manual else None)
    assert detection.silence_duration_ms == (None if manual else 700)


@pytest.mark.parametrize(
    ("eagerness", "sensitivity"),
    [("low", "END_SENSITIVITY_LOW"), ("high", "END_SENSITIVITY_HIGH"), ("auto", None), ("medium", None)],
)
def test_eagerness_is_how_sensitive_the_end_of_speech_is(eagerness: str, sensitivity: str | None) -> None:
    detection = setup_of(config(eagerness=eagerness)).realtime_input_config.automatic_activity_detection
    assert detection.end_of_speech_sensitivity == sensitivity


@pytest.mark.parametrize(
    ("interrupts", "handling"), [(True, "START_OF_ACTIVITY_INTERRUPTS"), (False, "NO_INTERRUPTION")]
)
def test_only_one_side_decides_what_is_an_interruption(interrupts: bool, handling: str) -> None:
    assert setup_of(config(interrupts=interrupts)).realtime_input_config.activity_handling == handling


@pytest.mark.parametrize(
    ("model", "asked"), [("gemini-x", "models/gemini-x"), ("projects/p/models/m", "projects/p/models/m")]
)
def test_a_model_without_a_path_is_googles(model: str, asked: str) -> None:
    assert setup_of(config({"model": model})).model == asked


def test_what_is_not_set_is_left_to_the_server() -> None:
    setup = setup_of(config(language=""))
    assert setup.generation_config.speech_config is None
    assert setup.generation_config.thinking_config is None
    assert (setup.system_instruction, setup.tools, setup.history_config) == (None, None, None)
    assert setup.session_resumption == wire.Resumption()
    assert setup.input_audio_transcription == wire.Transcribe()


def test_what_is_set_is_asked_for() -> None:
    setup = setup_of(
        config({"voice": "Puck", "thinking": "low"}, instructions="Be brief.", language="de"), handle="h", history=True
    )
    assert setup.generation_config.speech_config == wire.Speech(
        voice_config=wire.Voice(prebuilt_voice_config=wire.PrebuiltVoice(voice_name="Puck"))
    )
    assert setup.generation_config.thinking_config == wire.Thinking(thinking_level="LOW")
    assert setup.system_instruction == wire.Content(parts=[wire.Part(text="Be brief.")])
    assert setup.session_resumption == wire.Resumption(handle="h")
    assert setup.history_config == wire.HistoryConfig(initial_history_in_client_content=True)
    assert setup.input_audio_transcription == wire.Transcribe(language_codes=["de"])


def test_a_function_without_arguments_has_no_parameters() -> None:
    [made] = setup_of(config(tools=(TOOL, NO_ARGUMENTS))).tools or ()
    assert [one.parameters for one in made.function_declarations] == [
        {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}},
        None,
    ]


@pytest.mark.parametrize(
    ("schema", "google"),
    [
        ({"type": "string"}, {"type": "STRING"}),
        ({"type": ["integer", "null"]}, {"type": "INTEGER", "nullable": True}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "x"},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "description": "x"},
        ),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"enum": ["a", "b"]}, {"enum": ["a", "b"]}),
        ({"enum": [1, 2]}, {}),  # of texts only
        ({"type": "array", "items": {"type": "boolean"}}, {"type": "ARRAY", "items": {"type": "BOOLEAN"}}),
        ({"type": "array", "items": True}, {"type": "ARRAY"}),
        ({"minimum": 1, "exclusiveMaximum": 9, "default": 3, "title": "T"}, {"minimum": 1}),
        (
            {
                "type": "object",
                "properties": {"n": {"type": "number"}},
                "required": ["n"],
                "additionalProperties": False,
            },
            {"type": "OBJECT", "properties": {"n": {"type": "NUMBER"}}, "required": ["n"]},
        ),
        ({}, {}),
    ],
)
def test_a_schema_in_googles_shape(schema: dict[str, Any], google: dict[str, Any]) -> None:
    assert schema_of(schema) == google


SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {}, optional={"type": st.sampled_from(["string", "integer", "null"]), "title": st.text(max_size=3)}
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "anyOf": st.lists(inner | st.just({"type": "null"}), max_size=3),
            "items": inner,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
        },
    ),
    max_leaves=6,
)
KNOWN = {"type", "nullable", "anyOf", "items", "properties"}


def keys(schema: dict[str, Any]) -> set[str]:
    inner = [*schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    inner += [schema["items"]] if "items" in schema else []
    return set(schema).union(*map(keys, inner))


@given(SCHEMAS)
def test_no_schema_keeps_what_google_does_not_know(schema: dict[str, Any]) -> None:
    assert keys(schema_of(schema)) <= KNOWN
