"""Schemas of tools' arguments, made what every engine takes."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.engines.gemini.config import schema_of
from device.mcp import schema
from device.mcp.schema import SchemaError, parameters
from device.settings.schema import inline_refs

TEXT = {"type": "string"}


def only(schema_of_x, **more):
    """Return what becomes of the schema of one argument."""
    return parameters({"type": "object", "properties": {"x": schema_of_x}, **more})["properties"]["x"]


def test_a_plain_schema_stays_as_it_is():
    plain = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Which lamp."},
            "brightness": {"type": "integer", "minimum": 0, "maximum": 100},
            "domain": {"type": "array", "items": {"type": "string", "enum": ["light", "switch"]}},
        },
        "required": ["name"],
    }
    assert parameters(plain) == plain


@pytest.mark.parametrize("nothing", [{}, {"type": "object"}, {"type": "object", "additionalProperties": False}])
def test_no_arguments_are_an_empty_object(nothing):
    assert parameters(nothing) == {"type": "object", "properties": {}}


@pytest.mark.parametrize("no_schema", [None, True, [], "object", {"type": "string"}, {"type": ["array", "null"]}])
def test_what_is_no_schema_of_an_object_is_refused(no_schema):
    with pytest.raises(SchemaError):
        parameters(no_schema)


def test_references_are_written_out_and_what_has_no_end_is_cut():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "value": TEXT}}
    made = only({"$ref": "#/$defs/node"}, **{"$defs": {"node": node}})
    assert made["properties"]["next"]["properties"]["value"] == TEXT
    assert "$ref" not in json.dumps(made)
    assert only({"$ref": "#/$defs/none"}) == {}
    loop = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a", "type": "string"}}}
    assert only({"$ref": "#/$defs/a"}, **loop) == TEXT


def test_what_is_all_of_several_is_one():
    both = {"allOf": [{"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, {"properties": {"b": TEXT}}]}
    assert parameters(both) == {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a"]}


def test_choices_are_any_of_and_nothing_is_above_an_object():
    assert only({"oneOf": [TEXT, {"type": "null"}]}) == {"anyOf": [TEXT, {"type": "null"}]}
    assert parameters({"anyOf": [{"required": ["a"]}], "properties": {"a": TEXT}}) == {
        "type": "object",
        "properties": {"a": TEXT},
    }


def test_what_engines_do_not_know_is_left_out():
    odd = {
        **TEXT,
        "format": "uri",
        "pattern": "^x",
        "default": "x",
        "examples": [1],
        "x-mcp-header": "X",
        "minLength": "3",
    }
    assert only(odd) == TEXT
    assert only({"type": "array"}) == {"type": "array", "items": {}}
    assert only({"type": ["string", "strange"]}) == TEXT
    assert only(True) == {}
    assert only({"const": "on"}) == {"enum": ["on"]}
    assert only({"enum": [{"a": 1}, None]}) == {}


def test_names_that_no_engine_takes_are_left_out_unless_they_are_needed():
    assert parameters({"properties": {"$ref": TEXT, "größe": TEXT, "ok": TEXT}})["properties"] == {"ok": TEXT}
    with pytest.raises(SchemaError, match="an argument that cannot be offered: größe"):
        parameters({"properties": {"größe": TEXT}, "required": ["größe"]})
    assert "required" not in parameters({"properties": {"a": TEXT}, "required": ["b", 3, None]})


def test_a_schema_is_bounded():
    long = {f"argument_{n}": {"type": "string", "description": "x" * 9999} for n in range(200)}
    made = parameters({"properties": long})
    assert len(made["properties"]) == schema.MOST_PROPERTIES
    assert len(json.dumps(made)) <= schema.LONGEST
    many = {f"a{n}": {"enum": ["y" * 60 + str(i) for i in range(900)]} for n in range(40)}
    with pytest.raises(SchemaError, match="more than 12000 characters"):
        parameters({"properties": many})


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["object", "#/$defs/a", "string"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "anyOf",
                    "oneOf",
                    "allOf",
                    "$ref",
                    "$defs",
                    "required",
                    "enum",
                    "const",
                    "a",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(values)
def test_whatever_a_server_writes_is_offered_as_a_schema_or_refused(given):
    try:
        made = parameters(given)
    except SchemaError:
        return
    jsonschema.Draft202012Validator.check_schema(made)
    schema_of(inline_refs(made, {}))
    assert made["type"] == "object"
