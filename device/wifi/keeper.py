"""When the access point is open: while there is no network, for a while, and never beside one.

>            no network for `wait_s`, or somebody asks
>   online ───────────────────────────────────────► open ◄─────────┐
>     ▲  ▲                                          │  │ join      │ it fails
>     │  └──────── a network is there ──────────────┤  └──► joining ┤
>     │                                             │ unused        │
>     └────── a network is there ── resting ◄───────┘       ► online ┘

NetworkManager is asked how it is again and again, so that nothing depends on what was told in a moment in which one
of the two was started anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from device.system.harmless import line
from device.system.typed import typed
from device.wifi import messages as m
from device.wifi.bus import BusError
from device.wifi.manager import JoinError, Seen
from device.wifi.networks import shown
from device.wifi.profiles import ADDRESS, ProfileError, access_point, new_password, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from device.settings.wifi import WifiSettings
    from device.wifi.profiles import Profile

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
"""How often NetworkManager is looked at; a choice: it takes a dozen questions, which are a few milliseconds."""
AGAIN_S: Final = 10.0
"""How long to wait for a NetworkManager that is not there."""
PATIENCE: Final = 3
"""So many times `wait_s` is waited while a network is just being joined: passwords and addresses take their time."""
USED_S: Final = 300.0
"""For how long at least the access point stays after somebody used the page. A choice: a password is looked for."""
MOST_S: Final = 3600.0
"""How long it is open at most, used or not."""
GOODBYE_S: Final = 2.0
"""How long the access point stays after it was told which network to join: the page's answer is on its way."""
MACHINE_ID: Final = Path("/etc/machine-id")


class Manager(Protocol):
    """What is asked of `device.wifi.manager.NetworkManager`."""

    async def look(self, own: str = "") -> Seen: ...  # noqa: D102
    async def scan(self, radio: str, but: bytes = b"") -> tuple[m.Network, ...]: ...  # noqa: D102
    async def serve(self, radio: str, profile: Profile) -> str: ...  # noqa: D102
    async def close(self, radio: str, active: str) -> None: ...  # noqa: D102
    async def join(self, radio: str, profile: Profile) -> None: ...  # noqa: D102


class Herald(Protocol):
    """Who tells people: `device.wifi.herald.Herald`."""

    def say(self, *what: str, digits: str = "", **values: str) -> None:
        """Have said what stands under these keys, with values put in, one after the other."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """What was asked is not done; says why, and what to do."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix


class Keeper:
    """Keeps a way to the device: `reach` connects with NetworkManager, `now` is a clock in seconds."""

    def __init__(
        self,
        settings: WifiSettings,
        reach: Callable[[], AbstractAsyncContextManager[Manager]],
        herald: Herald,
        *,
        changed: Callable[[m.Wifi], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
        name: str = "",
    ) -> None:
        self._settings, self._reach, self._herald = settings, reach, herald
        self._changed, self._now = changed, now
        self.name = settings.name or name or own_name()
        """What the access point is called."""
        self.password = self._new_password()
        """The same until there is a network: a telephone that has joined comes back by itself."""
        self._doing: m.Doing = "absent"
        self._seen = Seen()
        self._networks: tuple[m.Network, ...] = ()
        self._trouble: m.Trouble | None = None
        self._active = ""  # the access point, an object's path
        self._wanted: tuple[str, Profile] | None = None
        self._asked = self._spent = False
        self._lost = now()
        self._opened = self._until = 0.0
        self._woken = asyncio.Event()
        self._fault = ""

    # What is asked for

    def told(self) -> m.Wifi:
        """Return how it is."""
        return m.Wifi(
            self._doing,
            self._seen.here,
            self.name,
            bool(self.password),
            max(0, round(self._until - self._now())) if self._active else 0,
            self._networks,
            self._wanted[0] if self._wanted else "",
            self._trouble,
        )

    def answer(self, request: m.AnyRequest) -> m.AnyReply:
        """Answer a request."""
        try:
            match request:
                case m.Look():
                    if request.visitor and self._active:
                        self._until = min(max(self._until, self._now() + USED_S), self._opened + MOST_S)
                case m.GetKey():
                    return self._key()
                case m.SetUp():
                    self.set_up()
                case m.Join():
                    self._join_soon(request)
        except Refused as refused:
            return m.Refused(str(refused), refused.fix)
        return self.told()

    def set_up(self) -> None:
        """Open the access point as soon as may be, because somebody wants it. Raises Refused."""
        match self._doing:
            case "absent":
                raise Refused("NetworkManager does not run", "sudo systemctl enable --now NetworkManager")
            case "no_radio":
                raise Refused("there is no Wi-Fi that NetworkManager manages and that can be an access point")
            case "blocked":
                raise Refused(
                    "Wi-Fi is off, or blocked until its country is set",
                    f"`{typed('doctor')}` says which and how to put it right",
                )
            case "online":
                raise Refused(f"there is a network: {self._seen.here}", "the access point is for want of one")
            case "joining":
                raise Refused("a network is just being joined", "wait until it is, or is not")
        self._asked, self._spent = True, False
        self._woken.set()

    def _key(self) -> m.Key:
        if not self._active:
            raise Refused("the access point is not open", f"`{typed('wifi setup', root=True)}` opens it")
        return m.Key(self.name, self.password, ADDRESS)

    def _join_soon(self, request: m.Join) -> None:
        """Note which network to join. Raises Refused."""
        if self._wanted is not None:
            raise Refused("a network is just being joined", "wait until it is, or is not")
        if not self._seen.radio or not self._seen.enabled:
            raise Refused("there is no Wi-Fi that could join it", f"`{typed('doctor')}` says what is wrong")
        ssid = bytes.fromhex(request.ssid)
        known = [network.security for network in self._networks if network.ssid == request.ssid]
        # Of one that hides, the password alone tells how it is secured.
        kind: m.Security = known[0] if known else "wpa2" if request.password else "open"
        try:
            profile = station(ssid, kind, request.password, hidden=request.hidden)
        except ProfileError as error:
            raise Refused(f"{shown(ssid)}: {error}") from None
        self._wanted = shown(ssid), profile
        self._become("joining")
        self._woken.set()

    # What goes on

    async def keep(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                async with self._reach() as manager:
                    try:
                        await self._go_on(manager)
                    finally:
                        if self._active:
                            with suppress(BusError):
                                await self._close(manager)
                            self._become("absent")
            except BusError as error:
                if (fault := line(error)) != self._fault:
                    self._fault = fault
                    log.warning("NetworkManager cannot be asked: %s", fault)
            self._active, self._wanted, self._seen = "", None, Seen()
            self._become("absent")
            self._woken.clear()
            await self._pause(AGAIN_S)

    async def _go_on(self, manager: Manager) -> None:
        while True:
            self._woken.clear()
            await self._step(manager)
            await self._pause(LOOK_S)

    async def _step(self, manager: Manager) -> None:
        seen = self._seen = await manager.look(self._active)
        self._fault = ""
        if self._active and not seen.serving:  # somebody else has closed it; what goes with it is to go, too
            await self._close(manager)
        if self._wanted is not None and seen.radio:
            await self._join(manager, seen.radio)
        elif seen.here:
            await self._be_online(manager)
        elif not seen.radio or not seen.enabled:
            self._become("blocked" if seen.radio else "no_radio")
        elif self._active:
            if self._now() >= self._until:
                await self._rest(manager)
        elif self._is_time():
            await self._open(manager, seen.radio)
        else:
            self._become("resting" if self._spent else "waiting")

    def _is_time(self) -> bool:
        """Tell whether the access point is to be opened."""
        without = self._now() - self._lost
        wait = self._settings.wait_s * (PATIENCE if self._seen.connecting else 1)
        return self._asked or (not self._spent and without >= wait)

    async def _be_online(self, manager: Manager) -> None:
        """Heed that there is a network: nothing of the device's own is beside it."""
        if self._active:
            await self._close(manager)
        self._lost, self._asked, self._spent = self._now(), False, False
        if self._doing != "online":
            self.password = self._new_password()
        self._become("online")

    def _new_password(self) -> str:
        return "" if self._settings.open else new_password()

    async def _open(self, manager: Manager, radio: str) -> None:
        self._networks = await manager.scan(radio, self.name.encode())
        before, self._seen = self._seen, await manager.look()
        if self._seen.here or (self._seen.connecting and not before.connecting):
            return  # the scan has found what is kept: that is not to be put off again
        self._asked = False
        try:
            self._active = await manager.serve(radio, access_point(self.name, self.password))
        except JoinError as error:
            self._spent = True
            self._become("resting")
            log.warning("The access point %s does not come up: %s", self.name, error.why)
            self._herald.say("broken")
            return
        self._opened = self._now()
        self._until = self._opened + 60 * self._settings.minutes
        self._become("open")
        log.info("The access point %s is open: the page is at http://%s/", self.name, ADDRESS)
        why = (f"not_{self._trouble.why}",) if self._trouble else ()
        self.tell_key(*why, network=self._trouble.name if self._trouble else "")

    def tell_key(self, *before: str, network: str = "") -> None:
        """Have said how to join the access point, if it is open."""
        if self._active:
            how = "open_door" if not self.password else "again" if before else "opened"
            spelt = ", ".join(self.password)
            told = {"name": self.name, "password": spelt, "network": network, "address": ADDRESS}
            self._herald.say(*before, how, digits=self.password, **told)

    async def _rest(self, manager: Manager) -> None:
        """Close the access point, since nobody uses it; NetworkManager looks for the networks that it keeps."""
        await self._close(manager)
        self._spent = True
        self._become("resting")
        self._herald.say("closed")

    async def _join(self, manager: Manager, radio: str) -> None:
        """Join the network that is wanted; if it fails, the access point is open again at once."""
        assert self._wanted is not None  # noqa: S101 - it was asked before
        name, profile = self._wanted
        self._become("joining")
        if self._active:
            await asyncio.sleep(GOODBYE_S)
            await self._close(manager)
        try:
            await manager.join(radio, profile)
        except JoinError as error:
            log.warning("The network %s was not joined: %s", name, error.why)
            self._trouble = m.Trouble(name, error.why)
            self._asked = True
        else:
            log.info("The network %s is joined", name)
            self._trouble = None
            self._herald.say("joined", network=name)
        finally:
            self._wanted = None
        self._woken.set()

    async def _close(self, manager: Manager) -> None:
        active, self._active = self._active, ""
        await manager.close(self._seen.radio, active)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    def _become(self, doing: m.Doing) -> None:
        if doing != self._doing:
            self._doing = doing
            log.debug("It is %s", doing)
            self._changed(self.told())


def own_name(machine: Path = MACHINE_ID) -> str:
    """Return what a device's access point is called: by a number of its own, where there are several."""
    try:
        text: Any = machine.read_bytes()
    except OSError:
        text = b""
    return f"Parley-{hashlib.sha256(b'parley wifi' + text).hexdigest()[:4]}"
