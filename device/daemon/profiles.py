"""What is asked at the door of profiles, answered: which there are, what they say and make, and one's own written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from device.daemon.payload import engines, payload
from device.door import profiles as m
from device.door.messages import Done
from device.door.server import Refusal
from device.settings.own_profiles import NotSaved, OwnProfiles, Stale, mark
from device.settings.profiles import FOLDER, ProfileError, load
from device.settings.profiles import names as bundled

if TYPE_CHECKING:
    from pathlib import Path

    from device.door.base import Reply


class Profiles:
    """Answers what is asked of profiles; `config` is the settings file, if one was named. Blocking."""

    def __init__(self, config: Path | None = None) -> None:
        self._own = OwnProfiles(config)

    def answer(self, request: m.AnyProfileRequest) -> Reply:
        """Do what a request asks for. Raises Refusal."""
        try:
            match request:
                case m.GetProfiles():
                    return self._list()
                case m.GetProfile(name=name):
                    text = self._own.text(name)
                    return m.ProfileIs(name, text, "" if name in bundled() else mark(text))
                case m.CheckProfile():
                    return self._check(request)
                case m.SaveProfile():
                    was = None if request.was is UNSET else request.was
                    self._own.save(request.name, request.text, base=request.base, was=was)
                    return m.ProfileSaved(request.name, self._setting(request.name), mark(request.text))
                case m.DeleteProfile(name=name):
                    self._own.delete(name)
                    return Done()
        except Stale as error:
            raise Refusal("changed", str(error), "look at it again, and then change it") from None
        except (NotSaved, ProfileError) as error:
            raise Refusal("invalid", str(error)) from None

    def _list(self) -> m.ProfilesAre:
        found = []
        chosen = self._own.chosen()
        all_names = (*bundled(), *self._own.names())
        for name in all_names:
            description, fault = "", ""
            try:
                description = load(self._own.path(name)).description
            except ProfileError as error:
                fault = str(error)
            setting = self._setting(name)
            found.append(m.ProfileAt(name, setting, description, name in bundled(), name == chosen, fault))
        return m.ProfilesAre(tuple(found), str(self._own.folder), "" if chosen in all_names else chosen)

    def _check(self, request: m.CheckProfile) -> m.ProfileChecked:
        loaded, wrong = self._own.check(request.name, request.text, request.base)
        findings = tuple(m.Finding(one.what, one.line, one.grave) for one in wrong)
        if loaded is None:
            return m.ProfileChecked(findings)
        there = engines(loaded)
        engine = request.engine or there[0]
        if engine not in there:
            raise Refusal("unknown", f"there is no engine {engine!r}", f"there are {', '.join(there)}")
        return m.ProfileChecked(findings, tuple(there), engine, payload(loaded, engine))

    def _setting(self, name: str) -> str:
        """Return what the setting `profile` is to be; of one's own, from the settings file's folder on."""
        return name if name in bundled() else f"{FOLDER}/{name}.toml"
