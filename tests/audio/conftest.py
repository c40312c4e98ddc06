"""What tests of the playout share."""

import pytest
from support.loudspeaker import RATE, Loudspeaker

from device.audio.playout import Playout


@pytest.fixture
def playout():
    return Playout(RATE, prebuffer_ms=40)


@pytest.fixture
def card(playout):
    return Loudspeaker(playout)
