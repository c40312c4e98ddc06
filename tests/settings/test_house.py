"""`[house]`."""

import pytest

from device.settings.loading import KEY_VARIABLES, settle, table_faults
from device.settings.toml import is_secret


@pytest.mark.parametrize("group", ["", "ground floor", 'the "old" kitchen', "Küche", "tabs\tand\nlines", "x" * 100])
def test_a_group_may_be_called_anything(group):
    assert not table_faults({"house": {"group": group}})


@pytest.mark.parametrize(
    ("table", "fault"),
    [({"group": 5}, "house.group"), ({"group": "x" * 101}, "house.group"), ({"secret": 5}, "house.secret"),
     ({"groop": "x"}, "did you mean house.group")],
)  # fmt: skip
def test_what_cannot_be_set_is_told(table, fault):
    (told,) = table_faults({"house": table})
    assert fault in told


def test_the_secret_is_kept_from_who_looks_and_may_come_from_the_environment():
    assert is_secret("house.secret")
    assert "PARLEY_HOUSE_SECRET" in KEY_VARIABLES
    loaded = settle({"house": {"group": "x"}}, {"HOME": "/nowhere", "PARLEY_HOUSE_SECRET": "hush"})
    assert loaded.settings.house.secret.reveal() == "hush"
    assert "hush" not in repr(loaded.settings)
