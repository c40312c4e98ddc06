"""Faults of tables in groups, each named by the user; settings' own are in test_settings."""

from pathlib import Path

import pytest
from msgspec import field

from device.settings.prices import Price
from device.settings.toml import TableError, faults, parse_toml
from device.settings.types import Section


class Shape(Section, frozen=True):
    prices: dict[str, Price] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"a": {"minute": 0.1}, "b": {}}, []),
        ({"a": {"minute": -1}}, ["prices.a.minute: -1 is not valid; valid is a number at least 0"]),
        ({"a": {"minuet": 1}}, ["prices.a.minuet: no such key; did you mean prices.a.minute?"]),
        ({"a": 3}, ["prices.a: is a table, [prices.a], not 3"]),
        (3, ["prices.NAME: is a table, [prices.NAME], not 3"]),
    ],
)
def test_each_table_of_a_group_is_checked(table, told):
    assert faults({"prices": table}, Shape) == told


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (r'models_dir = "/a\u0000b"', "models_dir"),
        (r'card = { input = "\U00000000" }', "card.input"),
        (r"[wake]" + "\n" + r'models = ["hey", "a\u0000.onnx"]', "wake.models"),
        (r'"a\u0000b" = 1', "a"),
        (r'a = [[{ b = "\u0000" }]]', "a.b"),
    ],
)
def test_no_text_has_a_nul_character_which_no_name_of_a_file_may_have(text, where):
    with pytest.raises(TableError, match=f"{where}.*NUL character") as told:
        parse_toml(Path("x.toml"), text)
    assert "\0" not in str(told.value)


def test_what_only_looks_like_one_is_text():
    assert parse_toml(Path("x.toml"), r'a = "\\u0000"') == {"a": r"\u0000"}
