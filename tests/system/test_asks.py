"""What the service asks root for: the marks that units look for, where there are such units."""

import re
from pathlib import Path

import pytest

from device.system import asks
from device.system.paths import SHARED

SYSTEMD = Path(__file__).parents[2] / "systemd"
SERVICE = {"STATE_DIRECTORY": str(SHARED)}


@pytest.mark.parametrize(("mark", "unit"), [(asks.UPDATE, "parley-update.path"), (asks.RESET, "parley-reset.path")])
def test_somebody_comes_if_the_service_asks_and_the_unit_is_switched_on(tmp_path, mark, unit):
    assert not asks.heard(mark, SERVICE, tmp_path)
    (tmp_path / unit).symlink_to(SYSTEMD / unit)
    assert asks.heard(mark, SERVICE, tmp_path)
    assert not asks.heard(mark, {}, tmp_path), "no service"
    assert not asks.heard(mark, {"STATE_DIRECTORY": str(tmp_path)}, tmp_path), "somebody else's"


@pytest.mark.parametrize(("mark", "unit"), [(asks.UPDATE, "parley-update.path"), (asks.RESET, "parley-reset.path")])
def test_the_units_look_where_the_mark_is(mark, unit):
    path = re.search(r"^Path\w+=(.*)$", (SYSTEMD / unit).read_text(), re.MULTILINE)[1]
    assert path == str(SHARED / mark)


def test_a_mark_is_written_in_its_place(tmp_path):
    asks.ask(asks.UPDATE, tmp_path)
    number = (tmp_path / asks.UPDATE).stat().st_ino
    asks.ask(asks.UPDATE, tmp_path)
    assert (tmp_path / asks.UPDATE).stat().st_ino == number
    with pytest.raises(OSError, match="No such file"):
        asks.ask(asks.RESET, tmp_path / "nowhere")
