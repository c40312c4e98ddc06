"""An engine put first in the settings, with its key, which stays with the server that whoever gave it was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.settings.change import ChangeError, change
from device.settings.engines import CartesiaEngine, RemoteEngine
from device.settings.keys import is_key, server_of
from device.settings.loading import SettingsError, read

if TYPE_CHECKING:
    from pathlib import Path

    from device.door.first_steps import UseEngine


class WrongServer(Exception):  # noqa: N818 - it is an answer
    """The engine is not where it was said to be: its key is not kept."""


def use(asked: UseEngine, *, owner: bool, config: Path | None = None) -> Path:
    """Change the settings so that an engine answers first; return their file. Raises WrongServer and ChangeError."""
    name = asked.engine
    try:
        settings = read(config).settings
    except SettingsError as error:
        raise ChangeError(str(error)) from None
    others = [one for one in settings.engines if one not in (name, "local")]
    if name == "local":
        return change("engines", ["local"], owner=owner, config=config)
    engine = settings.engine.get(name)
    if not isinstance(engine, RemoteEngine):
        raise ChangeError(f"no engine is called {name!r}")
    if server_of(engine.url) != asked.server:
        raise WrongServer(f"the engine {name} is at {server_of(engine.url)}, not at {asked.server}")
    if not is_key(asked.key.strip()):
        raise ChangeError("this is no key: it has letters, digits and signs alone, and no spaces")
    if asked.agent.strip() and isinstance(engine, CartesiaEngine):
        change(f"engine.{name}.agent", asked.agent.strip(), owner=owner, config=config)
    if asked.key.strip():
        change(f"engine.{name}.api_key", asked.key.strip(), owner=owner, config=config)
    return change("engines", [name, *others, "local"], owner=owner, config=config)
