"""A file of transcripts, and what writes it."""

import pytest
from support.transcripts import Desk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "transcripts.sqlite"


@pytest.fixture
def desk(path):
    desk = Desk(path)
    yield desk
    desk.close()
