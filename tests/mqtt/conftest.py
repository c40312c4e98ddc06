"""A broker, and an assistant's door."""

import pytest
from support.mosquitto import Mosquitto


@pytest.fixture
async def broker(tmp_path):
    """A broker that listens."""
    one = Mosquitto(tmp_path)
    await one.start()
    yield one
    await one.stop()
