"""`[metrics]`."""

import pytest

from device.settings.loading import KEY_VARIABLES, settle, table_faults
from device.settings.toml import is_secret


@pytest.mark.parametrize("table", [{"on": True}, {"on": False, "token": "x" * 32}], ids=str)
def test_what_can_be_set(table):
    assert not table_faults({"metrics": table})


@pytest.mark.parametrize(("table", "why"), [({"on": "yes"}, "true"), ({"tokn": "x"}, "did you mean metrics.token")])
def test_what_is_wrong_is_named(table, why):
    (fault,) = table_faults({"metrics": table})
    assert why in fault


def test_they_are_off_and_the_token_comes_from_the_environment_and_shows_itself_to_nobody():
    assert "PARLEY_METRICS_TOKEN" in KEY_VARIABLES
    assert is_secret("metrics.token")
    loaded = settle({}, {"HOME": "/nowhere", "PARLEY_METRICS_TOKEN": "hidden-word"})
    assert (loaded.settings.metrics.on, loaded.settings.metrics.token.reveal()) == (False, "hidden-word")
    assert "hidden-word" not in repr(loaded)
