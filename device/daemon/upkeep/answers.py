"""What is asked for at the door to look after the device, done: one request, one reply."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.daemon.upkeep import version
from device.daemon.upkeep.doctor import Doctor, DoctorError
from device.door import messages as m
from device.door import upkeep as u
from device.door.server import Peer, Refusal
from device.records.redact import SECRET_NAME, Redaction, secrets_in
from device.system import asks
from device.system.harmless import line
from device.system.typed import of_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from device.daemon.aside import Aside
    from device.daemon.upkeep.last_conversation import LastConversation
    from device.settings.last_good import InForce
    from device.settings.tree import Settings
    from device.system.recent_log import Logged, RecentLog

log = logging.getLogger(__name__)

Answer = Callable[[Any, Peer], Awaitable[m.Reply]]

UPDATES_APART_S: Final = 60.0
"""How long after a request for an update the next one is heard. A choice: systemd starts a unit five times in ten
seconds, and then no more."""
MACHINES: Final = Path("/etc/parley")
"""Where the machine's own settings and keys are."""


class Upkeep:
    """Answers what `answers` lists. `recent` is this process's log, and `reset` ends in a factory reset."""

    def __init__(
        self,
        found: InForce,
        recent: RecentLog,
        last: LastConversation,
        aside: Aside,
        *,
        config: Path | None = None,
        reset: Callable[[], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = found.settings
        self._recent, self._last, self._aside, self._reset = recent, last, aside, reset
        self._redaction = Redaction([*secrets_in(found.settings), *_keys(found.settings, environ)])
        self._doctor = Doctor(config, self._as_journal)
        self._asked_update = -UPDATES_APART_S
        self.answers: dict[type[m.Request], Answer] = {
            u.GetLog: self._log,
            u.Examine: self._examine,
            u.GetFindings: self._findings,
            u.MakeBundle: self._bundle,
            u.GetVersion: self._version,
            u.Update: self._update,
            u.GetReset: self._what_goes,
            u.Reset: self._start_over,
            u.GetLastConversation: self._last_conversation,
        }

    async def close(self) -> None:
        """End what goes on; harmless when repeated."""
        await self._doctor.close()

    async def _log(self, request: u.GetLog, _: Peer) -> m.Reply:
        return await self._aside.do(self._log_lines, request.after, request.most)

    def _log_lines(self, after: int, most: int) -> u.LogIs:
        if after > self._recent.last:  # that was another process
            after = 0
        lines = self._recent.after(after, most)
        more = "sudo journalctl -u parley" if asks.is_service() else ""
        return u.LogIs(tuple(map(self._told, lines)), lines[-1].number if lines else self._recent.last, more)

    def _told(self, logged: Logged) -> u.LogLine:
        text = line(self._redaction.own(logged.text))[: u.LONGEST_LINE]
        return u.LogLine(logged.at, text, _level(logged.level))

    def _as_journal(self) -> bytes:
        """Return the log as journalctl prints it, for the bundle, which knows what of it may be shown."""
        entries = (
            {
                "MESSAGE": one.text,
                "_SYSTEMD_UNIT": "parley.service",
                "SYSLOG_IDENTIFIER": "parley",
                "__REALTIME_TIMESTAMP": str(round(one.at * 1_000_000)),
            }
            for one in self._recent.after(0, self._recent.last)
        )
        return b"\n".join(map(msgspec.json.encode, entries))

    async def _examine(self, _request: u.Examine, _: Peer) -> m.Reply:
        self._doctor.begin()
        return m.Done()

    async def _findings(self, request: u.GetFindings, _: Peer) -> m.Reply:
        return await self._doctor.found(request.after)

    async def _bundle(self, _request: u.MakeBundle, _: Peer) -> m.Reply:
        if self._doctor.packs:  # each takes a minute, and nobody needs two
            raise Refusal("too_many", "another bundle is being made", "wait for it")
        try:
            data = await self._doctor.bundle()
        except DoctorError as error:
            raise Refusal("failed", f"there is no bundle: {error}", of_service("doctor --bundle")) from None
        name = time.strftime("parley-bundle-%Y%m%d-%H%M%S.tar.gz")
        return u.BundleIs(name, data)

    async def _version(self, _request: u.GetVersion, _: Peer) -> m.Reply:
        return await self._aside.do(version.look)

    async def _update(self, _request: u.Update, _: Peer) -> m.Reply:
        now = await self._aside.do(version.look)
        if now.updates in ("none", "off"):
            what = "updates are not set up" if now.updates == "off" else "no service updates this Parley"
            raise Refusal("impossible", what, now.fix)
        left = self._asked_update + UPDATES_APART_S - time.monotonic()
        if left > 0:
            raise Refusal("wait", "an update was asked for just now", f"try again in {left:.0f} s", left)
        try:
            await self._aside.do(asks.ask, asks.UPDATE)
        except OSError as error:
            raise Refusal("failed", f"it cannot be asked for: {error.strerror}", of_service("doctor")) from None
        self._asked_update = time.monotonic()
        return m.Done()

    async def _what_goes(self, _request: u.GetReset, _: Peer) -> m.Reply:
        own: tuple[u.ResetPart, ...] = ("settings", "profiles", "transcripts", "costs", "timers", "volume")
        machines: tuple[u.ResetPart, ...] = ("machine_settings", "keys")
        if asks.heard(asks.RESET):
            return u.ResetIs(
                self._settings.name,
                (*own, *machines, "browsers"),
                ("models", "release_keys", "system"),
            )
        if not MACHINES.exists():
            return u.ResetIs(self._settings.name, own, ("models", "system"))
        fix = f"sudo rm -f {MACHINES}/parley.toml {MACHINES}/keys/*"
        return u.ResetIs(self._settings.name, own, (*machines, "models", "release_keys", "system"), fix)

    async def _start_over(self, request: u.Reset, _: Peer) -> m.Reply:
        if request.name.strip().casefold() != self._settings.name.strip().casefold():
            fix = "give the name that the assistant calls itself, to confirm it"
            raise Refusal("invalid", f"this is not {line(request.name)!r}", fix)
        log.warning("Factory reset, asked for at the door")
        asyncio.get_running_loop().call_later(0.2, self._reset)  # the reply goes first
        return m.Done()

    async def _last_conversation(self, _request: u.GetLastConversation, _: Peer) -> m.Reply:
        return self._last.told()


def _level(number: int) -> u.Level:
    if number < logging.INFO:
        return "debug"
    if number < logging.WARNING:
        return "info"
    return "warning" if number < logging.ERROR else "error"


def _keys(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield keys that the environment has, in use or not."""
    variables = {getattr(engine, "key_variable", "") for engine in settings.engine.values()}
    yield from (value.strip() for name, value in environ.items() if name in variables or SECRET_NAME.search(name))
