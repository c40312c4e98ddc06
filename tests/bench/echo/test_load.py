"""What the front end costs is measured second by second, also while a card misses something."""

import numpy as np

from device.bench.echo.load import cpu
from device.settings.tree import Settings


def test_each_second_is_measured(models):
    models("silero_vad.onnx")
    sound = (np.random.default_rng(0).standard_normal(3 * 16_000) * 1000).astype(np.int16)
    missing = np.zeros(300, np.bool_)
    missing[100:130] = True
    spent = cpu(Settings(), sound, sound, missing)
    assert len(spent) == 3
    assert all(0 < seconds < 5 for seconds in spent)
