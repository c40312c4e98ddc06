"""What the doctor says of figures."""

import msgspec
import pytest

from device.doctor.metrics import UNIT, check_metrics
from device.settings.metrics import MetricsSettings
from device.settings.page import PageSettings
from device.settings.tree import Settings
from device.settings.types import Secret

LONG = Secret("0123456789abcdef")


@pytest.mark.parametrize(
    ("metrics", "page", "unit", "status", "says"),
    [
        ({"on": True}, {}, "inactive", "fail", "no page that tells them"),
        ({"on": True}, {"lan": True}, "active", "warn", "no token for others"),
        ({"on": True, "token": LONG}, {}, "active", "warn", "do not reach the page"),
        ({"on": True, "token": Secret("secret")}, {"lan": True}, "active", "warn", "can be guessed"),
        ({"on": True, "token": LONG}, {"lan": True}, "active", "ok", "whoever knows the token"),
        ({"on": True}, {}, "active", "ok", "this machine alone"),
        ({"on": True}, {}, "", "ok", "port 8770"),
    ],
)
def test_what_is_said_of_them(metrics, page, unit, status, says):
    settings = msgspec.structs.replace(Settings(), metrics=MetricsSettings(**metrics), page=PageSettings(**page))
    (found,) = check_metrics(settings, {UNIT: {"ActiveState": unit}} if unit else {})
    assert found.status == status
    assert says in found.message
    assert "secret" not in found.message + found.fix
    assert bool(found.fix) == (status != "ok")


def test_where_none_are_wanted_nothing_is():
    assert not list(check_metrics(Settings(), {UNIT: {"ActiveState": "inactive"}}))
