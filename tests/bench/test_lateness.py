import pytest

from device.bench import lateness
from device.bench.isolated import isolated
from device.settings.tree import WakeSettings

pytestmark = pytest.mark.realtime


@pytest.mark.parametrize("apart", [False, True])
def test_every_burden_is_measured(apart):
    found, beside = isolated(lateness.measure, WakeSettings(), "", 0.5, apart=apart)
    assert list(found) == list(lateness.EVERY_S)
    for late in (*found.values(), beside):
        assert len(late.begun) >= 40, "callbacks of half a second at least"
        assert (late.ended >= late.begun).all()
        assert late.begun.min() >= 0, "nobody comes before it is due"
