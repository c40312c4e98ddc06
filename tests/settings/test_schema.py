"""JSON schemas of profiles: what is wrong with them, and what engines are told of them."""

import pytest

from device.settings.schema import SchemaError, inline_refs, schema_fault, validator_of

SCHEMA = {
    "type": "object",
    "properties": {
        "reason": {"$ref": "#/$defs/Reason"},
        "more": {"type": "array", "items": {"$ref": "#/$defs/Reason"}},
    },
    "$defs": {"Reason": {"enum": ["order", "return"]}},
}


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "objekt"}, "$.type: "),
        ({"type": "object", "properties": {"a": {"type": 3}}}, "$.properties.a.type: "),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/B"}}}, "$ref: "),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.org/b.json"}}}, "$ref: "),
        ({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}, "$ref: "),
        (SCHEMA, ""),
    ],
)
def test_what_is_wrong_with_a_schema_is_named_with_its_place(schema, named):
    found = schema_fault(schema)
    assert found.startswith(named)
    assert bool(found) == bool(named)


def test_references_are_replaced_by_what_they_stand_for():
    reason = {"enum": ["order", "return"]}
    assert inline_refs(SCHEMA, SCHEMA["$defs"]) == {
        "type": "object",
        "properties": {"reason": reason, "more": {"type": "array", "items": reason}},
    }
    assert "$defs" in SCHEMA, "the profile's own is left as it was"


def test_a_schema_that_is_none_checks_nothing():
    with pytest.raises(SchemaError, match=r"\$\.type"):
        validator_of({"type": "objekt"})


def test_values_are_checked_with_the_references_of_the_schema():
    check = validator_of(SCHEMA)
    assert check.is_valid({"reason": "order"})
    assert not check.is_valid({"reason": "hello"})
