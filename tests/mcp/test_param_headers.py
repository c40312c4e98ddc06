"""Arguments that go into headers, too."""

import pytest

from device.mcp.param_headers import headers, places
from device.mcp.schema import SchemaError


def marked(name, kind="string", **more):
    return {"type": kind, "x-mcp-header": name, **more}


def test_arguments_go_into_the_headers_that_their_schema_names():
    found = places(
        {
            "properties": {
                "region": marked("Region"),
                "n": marked("N", "integer"),
                "in": {"properties": {"b": marked("B", "boolean")}},
                "plain": {"type": "string"},
            }
        }
    )
    assert found == {"Region": ("region",), "N": ("n",), "B": ("in", "b")}
    assert headers({"region": "Straße", "n": 42, "in": {"b": True}, "plain": "x"}, found) == {
        "Mcp-Param-Region": "=?base64?U3RyYcOfZQ==?=",
        "Mcp-Param-N": "42",
        "Mcp-Param-B": "true",
    }
    assert headers({"region": None, "in": 3, "n": 2**60}, found) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"properties": {"a": marked("")}},
        {"properties": {"a": marked("a b")}},
        {"properties": {"a": marked("a\r\nEvil: 1")}},
        {"properties": {"a": marked(7)}},
        {"properties": {"a": marked("X"), "b": marked("x")}},
        {"properties": {"a": marked("X", "number")}},
        {"properties": {"a": marked("X", "object")}},
        {"properties": {"a": {"type": "array", "items": marked("X")}}},
        {"properties": {"a": {"anyOf": [marked("X")]}}},
        {"$defs": {"a": marked("X")}},
        marked("X"),
    ],
)
def test_a_server_that_breaks_the_rules_is_found_out(wrong):
    with pytest.raises(SchemaError):
        places(wrong)


def test_a_value_may_be_called_like_it():
    assert places({"properties": {"a": {"type": "object", "default": {"x-mcp-header": 3}}}}) == {}
    deep = {}
    for _ in range(500):
        deep = {"items": deep}
    assert places(deep) == {}
