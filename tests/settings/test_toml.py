"""Faults of tables in groups, each named by the user; settings' own are in test_settings."""

import pytest
from msgspec import field

from device.settings.prices import Price
from device.settings.toml import faults
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
