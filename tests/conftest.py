"""What every test may use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from device.models import ModelError, find


@pytest.fixture(scope="session")
def models() -> Callable[[str], Path]:
    """Find a model file by its manifest name; a missing one fails the test with the command that mends it."""

    def path(name: str) -> Path:
        try:
            return find(name)
        except ModelError as error:
            pytest.fail(str(error), pytrace=False)

    return path
