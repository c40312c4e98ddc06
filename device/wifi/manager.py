"""NetworkManager: what it knows of networks, and what it is told to do. Its D-Bus reference has the numbers."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from msgspec import Struct

from device.system.harmless import line
from device.wifi.bus import BusError, understood
from device.wifi.networks import Point, networks
from device.wifi.profiles import OURS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from device.wifi.bus import Bus
    from device.wifi.messages import Network, Why
    from device.wifi.profiles import Profile

log = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

NAME: Final = "org.freedesktop.NetworkManager"
ROOT: Final = (NAME, "/org/freedesktop/NetworkManager", NAME)
SETTINGS: Final = (NAME, "/org/freedesktop/NetworkManager/Settings", f"{NAME}.Settings")
SYSTEMD: Final = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager")
CAPTIVE: Final = "parley-captive.service"
"""Has NetworkManager's name server answer that every name is this device: systemd/parley-captive.service."""
WIFI: Final = 2
"""`NM_DEVICE_TYPE_WIFI`."""
SERVES: Final = 0x40
"""`NM_WIFI_DEVICE_CAP_AP`."""
UNMANAGED, UNAVAILABLE, DISCONNECTED, PREPARE, ACTIVATED, FAILED = 10, 20, 30, 40, 100, 120
"""`NMDeviceState`."""
ACTIVE: Final = 2
"""`NM_ACTIVE_CONNECTION_STATE_ACTIVATED`."""
NETWORKS: Final = ("802-3-ethernet", "802-11-wireless", "bluetooth", "cdma", "gsm", "infiniband", "pppoe", "wimax")
"""Types of connections that are a network: not bridges, tunnels and loopback, which may be up without one."""
WHY: Final[dict[int, Why]] = {
    **dict.fromkeys((7, 8, 9, 10, 11), "password"),  # no secrets; the supplicant was sent off, failed, or took long
    **dict.fromkeys((5, 6, 15, 16, 17), "address"),  # of IP, of DHCP
    53: "away",
}
"""`NMDeviceStateReason`, as far as it says something to a person."""
SCAN_S: Final = 15.0
"""A choice: all channels of two bands take some five seconds."""
LOOK_S: Final = 0.25
SERVE_S: Final = 30.0
"""How long the access point may take to come up: a choice, it is a second or two."""
JOIN_S: Final = 90.0
"""How long joining may take; NetworkManager gives up the password after 25 s and DHCP after 45."""
MOST: Final = 256
"""Objects that are asked of; a choice beyond any list that is real."""
ROUTES: Final = Path("/proc/self/net/route")


class JoinError(Exception):
    """A network was not joined; `why`, and the profile that was `made` for it."""

    def __init__(self, why: Why, made: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.made = made


class Seen(Struct, frozen=True):
    """What NetworkManager sees."""

    radio: str = ""
    """The Wi-Fi device, an object's path; empty if there is none that can serve."""
    interface: str = ""
    enabled: bool = True
    """Whether Wi-Fi is on, and not blocked."""
    connecting: bool = False
    """The Wi-Fi device is just joining a network."""
    here: str = ""
    """The network that there is, beside the device's own; empty if there is none."""
    serving: bool = False
    """The device's own is open."""


def _reads(
    method: Callable[Concatenate[NetworkManager, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[NetworkManager, P], Coroutine[Any, Any, T]]:
    """Let a method raise BusError for answers that are not what they should be."""

    @wraps(method)
    async def reads(self: NetworkManager, /, *args: P.args, **more: P.kwargs) -> T:
        with understood("what NetworkManager says"):
            return await method(self, *args, **more)

    return reads


class NetworkManager:
    """NetworkManager at a bus; what it tells may be of anybody, and is bounded. All methods raise BusError."""

    def __init__(self, bus: Bus, routes: Path = ROUTES) -> None:
        self._bus = bus
        self._routes = routes

    @_reads
    async def look(self, own: str = "") -> Seen:
        """Return what there is to see; `own` is the path of the device's own access point, which is no network."""
        root = await self._bus.all(ROOT)
        radio = interface = ""
        state = 0
        for path in root["Devices"][:MOST]:
            device = await self._bus.all((NAME, path, f"{NAME}.Device"))
            if device["DeviceType"] != WIFI or device["State"] == UNMANAGED:
                continue
            if int(await self._bus.get(_radio(path), "WirelessCapabilities")) & SERVES:
                radio, interface, state = path, str(device["Interface"]), int(device["State"])
                break
        enabled = bool(root["WirelessEnabled"]) and bool(root["WirelessHardwareEnabled"]) and state != UNAVAILABLE
        here = await self._network([path for path in root["ActiveConnections"][:MOST] if path != own])
        return Seen(
            radio,
            interface,
            enabled,
            PREPARE <= state < ACTIVATED,
            here or routed(self._routes, but=interface),
            bool(own) and own in root["ActiveConnections"],
        )

    async def _network(self, active: list[str]) -> str:
        """Return the name of one that is up; empty if none is."""
        for path in active:
            with suppress(BusError), understood(path):  # it may be gone
                told = await self._bus.all((NAME, path, f"{NAME}.Connection.Active"))
                if told["State"] == ACTIVE and told["Type"] in NETWORKS:
                    return line(told["Id"]) or "a network"
        return ""

    @_reads
    async def scan(self, radio: str, but: bytes = b"") -> tuple[Network, ...]:
        """Look for networks, and return those there are; while it serves, a chip mostly cannot."""
        before = await self._bus.get(_radio(radio), "LastScan")
        with suppress(BusError, TimeoutError):  # it may be scanning, or have just done so
            await self._bus.call(_radio(radio), "RequestScan", "a{sv}", {})
            await _until(SCAN_S, lambda: self._bus.get(_radio(radio), "LastScan"), lambda last: last != before)
        (paths,) = await self._bus.call(_radio(radio), "GetAllAccessPoints")
        points = []
        for path in paths[:MOST]:
            with suppress(BusError), understood(path):  # it may be gone
                points.append(Point.read(await self._bus.all((NAME, path, f"{NAME}.AccessPoint"))))
        return networks(points, await self._saved(), but)

    @_reads
    async def serve(self, radio: str, profile: Profile) -> str:
        """Open an access point and return its path; it ends with this process. Raises JoinError."""
        await self._captive("StartUnit")
        options = {"persist": ("s", "volatile"), "bind-activation": ("s", "dbus-client")}
        try:
            _, active = await self._activate(radio, profile, options, SERVE_S)
        except JoinError:
            await self._captive("StopUnit")
            raise
        return active

    @_reads
    async def close(self, radio: str, active: str) -> None:
        """Close the access point; harmless if it is closed."""
        async with self._bus.signals((NAME, radio, f"{NAME}.Device"), "StateChanged") as changes:
            with suppress(BusError, TimeoutError):  # there is none any more, and no change of it
                await self._bus.call(ROOT, "DeactivateConnection", "o", active)
                async with asyncio.timeout(SERVE_S):
                    while (await changes.get()).body[0] != DISCONNECTED:
                        pass
        await self._captive("StopUnit")

    @_reads
    async def join(self, radio: str, profile: Profile) -> None:
        """Join a network and keep it. Raises JoinError; then nothing is kept."""
        try:
            made, _ = await self._activate(radio, profile, {"persist": ("s", "memory")}, JOIN_S)
        except JoinError as error:
            with suppress(BusError):
                await self._bus.call(_kept(error.made), "Delete")
            raise
        await self._bus.call(_kept(made), "Save")
        for path, settings in await self._profiles():
            same = settings["802-11-wireless"].get("ssid") == profile["802-11-wireless"]["ssid"]
            if same and path != made and OURS[0] in settings.get("user", {}).get("data", ("", {}))[1]:
                with suppress(BusError):
                    await self._bus.call(_kept(path), "Delete")

    async def _activate(self, radio: str, profile: Profile, options: Any, within: float) -> tuple[str, str]:
        """Have a new profile brought up; return its path, and the active connection's. Raises JoinError with the first.

        It is the state of the device that says why it fails.
        """
        async with self._bus.signals((NAME, radio, f"{NAME}.Device"), "StateChanged") as changes:
            made, active, _ = await self._bus.call(
                ROOT, "AddAndActivateConnection2", "a{sa{sv}}ooa{sv}", profile, radio, "/", options
            )
            begun = False
            try:
                async with asyncio.timeout(within):
                    while True:
                        state, _, reason = (await changes.get()).body
                        begun = begun or PREPARE <= state < ACTIVATED
                        if state == ACTIVATED:
                            return str(made), str(active)
                        if state == FAILED or (begun and state <= DISCONNECTED):
                            raise JoinError(WHY.get(reason, "failed"), made)
            except TimeoutError:
                raise JoinError("late", made) from None

    async def _saved(self) -> set[bytes]:
        """Return the names of the networks that are kept."""
        return {settings["802-11-wireless"]["ssid"][1] for _, settings in await self._profiles()}

    async def _profiles(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the paths and settings of the Wi-Fi networks that are kept; secrets are not told."""
        (paths,) = await self._bus.call(SETTINGS, "ListConnections")
        found = []
        for path in paths[:MOST]:
            with suppress(BusError), understood(path):
                (settings,) = await self._bus.call(_kept(path), "GetSettings")
                if isinstance(settings.get("802-11-wireless", {}).get("ssid", ("", None))[1], bytes):
                    found.append((path, settings))
        return found

    async def _captive(self, what: str) -> None:
        """Have names lead to this device, or no more; without that, telephones must be told the address."""
        try:
            await self._bus.call(SYSTEMD, what, "ss", CAPTIVE, "replace")
            await _until(SERVE_S, lambda: self._state_of(CAPTIVE), lambda state: not state.endswith("ing"))
        except (BusError, TimeoutError) as error:
            log.warning("%s: %s; telephones do not find the page by themselves", CAPTIVE, line(error))

    async def _state_of(self, unit: str) -> str:
        (path,) = await self._bus.call(SYSTEMD, "LoadUnit", "s", unit)
        return str(await self._bus.get((SYSTEMD[0], path, "org.freedesktop.systemd1.Unit"), "ActiveState"))


async def _until(within: float, ask: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> None:
    """Ask again and again until it is so. Raises TimeoutError and BusError."""
    async with asyncio.timeout(within):
        while not is_so(await ask()):  # noqa: ASYNC110 - what is asked tells nobody by itself
            await asyncio.sleep(LOOK_S)


def routed(routes: Path, but: str) -> str:
    """Return the interface by which this machine reaches others, `but` one; empty if by none.

    A network may be there that NetworkManager does not manage.
    """
    try:
        rows = [row.split() for row in routes.read_text("ascii").splitlines()[1:]]
    except OSError:
        return ""
    return next((row[0] for row in rows if row[1:2] == ["00000000"] and row[0] != but), "")


def _radio(path: str) -> tuple[str, str, str]:
    return NAME, path, f"{NAME}.Device.Wireless"


def _kept(path: str) -> tuple[str, str, str]:
    return NAME, path, f"{NAME}.Settings.Connection"
