"""What a canceller makes of a recording of the start-up sound."""

import numpy as np
import pytest

from device.audio.earcons import earcon
from device.audio.echo.trial import try_out

RATE = 48_000


def recording(delay_ms, level, noise=30.0):
    """Return a microphone and what was played: the start-up sound three times, and its echo."""
    played = np.concatenate([*(3 * [earcon("ready", RATE)]), np.zeros(RATE, np.int16)])
    delay = RATE * delay_ms // 1000
    heard = np.random.default_rng(1).normal(0, noise, len(played))
    heard[delay:] += level * played[: len(played) - delay]
    return heard.round().clip(-32768, 32767).astype(np.int16), played


@pytest.mark.parametrize("delay_ms", [40, 400])
def test_the_echo_is_found_and_taken_out(delay_ms):
    found = try_out(*recording(delay_ms, 0.3), RATE, 300)
    assert found.delay_ms == pytest.approx(delay_ms, abs=2)
    assert found.removed_db > 15


def test_without_an_echo_none_is_found():
    assert try_out(*recording(40, 0.0), RATE, 300).delay_ms is None
    silence = np.zeros(RATE, np.int16)
    assert try_out(silence, silence, RATE, 300).removed_db is None
