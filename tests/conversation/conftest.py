import pytest
from support.talk import Talk


@pytest.fixture
def talk():
    """A conversation that has not begun."""
    return Talk()
