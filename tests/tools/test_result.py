import json

import pytest

from device.conversation.events import Submitted
from device.settings.schema import SchemaError, schema_fault
from device.tools.registry import Registry
from device.tools.result import MOST_FAULTS, NAME, QUOTED, result_tool

SCHEMA = {
    "type": "object",
    "title": "Call",
    "properties": {
        "reason": {"$ref": "#/$defs/Reason"},
        "items": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["reason"],
    "additionalProperties": False,
    "$defs": {"Reason": {"enum": ["order", "return"]}},
}


def submit(text, schema=SCHEMA):
    return Registry([result_tool(schema)]).call(NAME, text)


def test_the_engine_is_told_the_schema_without_references():
    (spec,) = Registry([result_tool(SCHEMA)]).specs()
    assert spec.name == "submit_result"
    assert spec.parameters == {
        "type": "object",
        "properties": {
            "reason": {"enum": ["order", "return"]},
            "items": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["reason"],
        "additionalProperties": False,
    }
    assert SCHEMA["title"] == "Call", "the profile's own is left as it was"


async def test_a_valid_result_is_accepted_word_for_word():
    text = '{"items": [1, 2],  "reason":"order"}'
    result = await submit(text)
    assert result.result == Submitted(text)
    assert json.loads(result.output) == {"accepted": True}


async def test_every_fault_is_told_with_its_place():
    result = await submit('{"items": [1, "two"], "mood": "bad"}')
    told = json.loads(result.output)["faults"]
    assert told == list(result.result.faults)
    assert sorted(told) == [
        "$.items[1]: 'two' is not of type 'integer'",
        "$: 'reason' is a required property",
        "$: Additional properties are not allowed ('mood' was unexpected)",
    ]
    assert result.reply, "the model is to correct it"


@pytest.mark.parametrize("text", ["", "[]", '"order"', "null"])
async def test_what_is_no_object_is_not_valid(text):
    assert (await submit(text)).result.faults


async def test_what_is_not_even_json_is_told_and_no_result():
    result = await submit('{"reason": ')
    assert result.result is None
    assert "error" in json.loads(result.output)


async def test_a_flood_of_faults_is_cut_short():
    result = await submit(json.dumps({"reason": "order", "items": ["x" * 500] * 50}))
    assert len(result.result.faults) == MOST_FAULTS
    assert all(len(fault) <= QUOTED for fault in result.result.faults)


async def test_nothing_is_fetched_that_a_schema_refers_to():
    schema = {"type": "object", "properties": {"a": {"$ref": "https://example.org/A"}}, "$defs": {"A": {}}}
    (fault,) = (await submit('{"a": 1}', schema)).result.faults
    assert "https://example.org/A, which is not in it" in fault


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "objekt"}, r"\$\.type"),
        ({"type": "object", "properties": {"a": {"type": 3}}}, r"\$\.properties\.a\.type"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/B"}}}, r"\$ref"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.org/b.json"}}}, r"\$ref"),
        (
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}},
            r"\$ref",
        ),
    ],
)
def test_a_schema_that_is_none_is_told_before_anybody_talks(schema, named):
    with pytest.raises(SchemaError, match=named):
        result_tool(schema)
    assert schema_fault(schema)
    assert not schema_fault(SCHEMA)
