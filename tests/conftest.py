"""What every test may use."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.pretended_cards import configure
from support.pulse import Pulse

from device.model_files.files import ModelError, find

# A slow machine, or one that does something else besides, is no fault of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

OF_SERVICES = (
    *("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"),
    *("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY"),
)
"""What systemd tells a service: that which runs the tests, perhaps, and not that which they try."""


def pytest_configure() -> None:
    """Forget what whoever runs the tests was told as a service."""
    for name in OF_SERVICES:
        os.environ.pop(name, None)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what has a sound server: its sound passes in real time. Other tests that go by the wall's clock say so."""
    if "pulse" in getattr(item, "fixturenames", ()):
        item.add_marker("realtime")


@pytest.fixture(scope="session")
def models() -> Callable[[str], Path]:
    """Find a model file by its manifest name; a missing one fails the test with the command that fixes it."""

    def path(name: str) -> Path:
        try:
            return find(name)
        except ModelError as error:
            pytest.fail(str(error), pytrace=False)

    return path


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what `parley run` keeps away from whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Put this process into a time zone, as the file says that the machine has; nothing tells it of the change."""
    with monkeypatch.context() as context:
        yield lambda name: context.setenv("TZ", name)
    time.tzset()


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    """A sound server of the test's own, which ALSA and PortAudio in this process use."""
    folder = tmp_path / "pulse"
    folder.mkdir()
    with Pulse(folder) as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let ALSA in this process know of nothing but the cards that it is called with (`support/pretended_cards.py`)."""

    def pretend(**cards: str) -> None:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(configure(tmp_path, **cards)))

    return pretend


@pytest.fixture
def no_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ALSA in this process know of one card only, which is not there."""
    (tmp_path / "asound.conf").write_text("pcm.!default { type hw card 30 }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
