"""Files of settings, and a user without any."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write text to a file below a scratch directory and return its path."""

    def write(text, name="parley.toml", mode=0o600):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def home(tmp_path):
    """Environment of a user without any settings of theirs."""
    return {"HOME": str(tmp_path / "home")}
