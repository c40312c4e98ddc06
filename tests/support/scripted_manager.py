"""A D-Bus of the test's own, with a NetworkManager at it that does what the test has it do: real bytes on a socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from jeepney import DBusAddress, MessageType, Parser, new_error, new_method_return, new_signal

if TYPE_CHECKING:
    from pathlib import Path

NM = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
RADIO = f"{ROOT}/Devices/3"
CABLE = f"{ROOT}/Devices/2"
ACTIVATED, FAILED, DISCONNECTED, PREPARE, CONFIG, DEACTIVATING = 100, 120, 30, 40, 50, 110

ASKS = {
    "Hello": "s",
    "GetAll": "a{sv}",
    "Get": "v",
    "GetAllAccessPoints": "ao",
    "ListConnections": "ao",
    "GetSettings": "a{sa{sv}}",
    "LoadUnit": "o",
}
"""Methods that change nothing, and the signatures of their answers."""


class Point(dict[str, tuple[str, Any]]):
    """An access point, as its properties."""

    def __init__(self, ssid: bytes, strength: int = 50, flags: int = 1, wpa: int = 0, rsn: int = 0x100) -> None:
        super().__init__(
            Ssid=("ay", ssid), Strength=("y", strength), Flags=("u", flags), WpaFlags=("u", wpa), RsnFlags=("u", rsn)
        )


class ScriptedManager:
    """NetworkManager and systemd, at `address`. What is public may be changed at any time.

    A network is joined with the device's states `ends`, each a state and a reason; one that is not `ACTIVATED` is not.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "bus"
        self.address = f"unix:path={self._path}"
        self.root: dict[str, tuple[str, Any]] = {
            "WirelessEnabled": ("b", True),
            "WirelessHardwareEnabled": ("b", True),
        }
        self.devices: dict[str, dict[str, tuple[str, Any]]] = {
            CABLE: {"DeviceType": ("u", 1), "State": ("u", 20), "Interface": ("s", "eth0")},
            RADIO: {"DeviceType": ("u", 2), "State": ("u", 30), "Interface": ("s", "wlan0")},
        }
        self.wireless: dict[str, tuple[str, Any]] = {"WirelessCapabilities": ("u", 0x40), "LastScan": ("x", 7)}
        self.points: list[Point] = []
        self.active: dict[str, dict[str, tuple[str, Any]]] = {}
        self.kept: dict[str, dict[str, Any]] = {}
        self.ends: list[tuple[int, int]] = [(PREPARE, 0), (CONFIG, 0), (ACTIVATED, 0)]
        self.scans = True
        """Whether a scan that is asked for comes to an end."""
        self.refuses: dict[str, str] = {}
        """Errors, by the method that is answered with them."""
        self.silent: set[str] = set()
        """Methods that are not answered."""
        self.called: list[tuple[Any, ...]] = []
        """What was asked for, of what changes something: the method and its body."""
        self._count = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        """Hang up on everybody, and listen no more; harmless when repeated."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await reader.readuntil(b"\r\n")
            writer.write(b"OK 0123456789abcdef0123456789abcdef\r\n")
            await reader.readuntil(b"BEGIN\r\n")
            parser = Parser()
            while data := await reader.read(4096):
                parser.add_data(data)
                while (message := parser.get_next_message()) is not None:
                    self._take(message, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _take(self, message: Any, writer: asyncio.StreamWriter) -> None:
        if message.header.message_type is not MessageType.method_call:
            return
        path, member = message.header.fields[1], message.header.fields[3]
        if member in self.silent:
            return
        if error := self.refuses.get(member):
            answer = new_error(message, error, "s", (f"{member} is refused",))
            self._send(answer, writer)
            return
        signature, body, *signals = self._answer(path, member, message.body)
        self._send(new_method_return(message, signature, body), writer)
        for state, reason in signals:
            self.tell(state, reason)

    def tell(self, state: int, reason: int = 0) -> None:
        """Tell of a state of the radio."""
        before = self.devices[RADIO]["State"][1]
        self.devices[RADIO]["State"] = ("u", state)
        told = new_signal(DBusAddress(RADIO, NM, f"{NM}.Device"), "StateChanged", "uuu", (state, before, reason))
        for writer in tuple(self._writers):
            self._send(told, writer)

    def _send(self, message: Any, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        writer.write(message.serialise(self._count))

    def _answer(self, path: str, member: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the signature and the body of the answer, and the states of the radio that follow."""
        if member in ASKS:
            return ASKS[member], self._told(path, member, body)
        if member == "RequestScan":
            if self.scans:
                self.wireless["LastScan"] = ("x", self.wireless["LastScan"][1] + 1)
            return None, ()
        if member in ("AddMatch", "RemoveMatch"):
            return None, ()
        self.called.append((member, path, *body))
        return self._changed(path, member, body)

    def _told(self, path: str, member: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        told: dict[str, Any] = {
            "Hello": lambda: ":1.7",
            "GetAll": lambda: self._properties(path),
            "Get": lambda: self._properties(path)[body[1]],
            "GetAllAccessPoints": lambda: [f"{ROOT}/AccessPoint/{number}" for number in range(len(self.points))],
            "ListConnections": lambda: list(self.kept),
            "GetSettings": lambda: self.kept[path],
            "LoadUnit": lambda: "/org/freedesktop/systemd1/unit/captive",
        }
        return (told[member](),)

    def _changed(self, path: str, member: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        if member == "AddAndActivateConnection2":
            made = f"{ROOT}/Settings/{len(self.called)}"
            self.kept[made] = body[0]
            active = f"{ROOT}/ActiveConnection/{len(self.called)}"
            if self.ends and self.ends[-1][0] == ACTIVATED:
                name, kind = body[0]["connection"]["id"], body[0]["connection"]["type"]
                self.active = {active: {"Type": kind, "Id": name, "State": ("u", 2)}}
            return "ooa{sv}", (made, active, {}), *self.ends
        if member == "DeactivateConnection":
            self.active.pop(body[0], None)
            return None, (), (DEACTIVATING, 39), (DISCONNECTED, 39)
        if member in ("StartUnit", "StopUnit"):
            return "o", ("/org/freedesktop/systemd1/job/1",)
        if member == "Delete":
            del self.kept[path]
        return None, ()

    def _properties(self, path: str) -> dict[str, tuple[str, Any]]:
        if path == ROOT:
            return {"Devices": ("ao", list(self.devices)), "ActiveConnections": ("ao", list(self.active)), **self.root}
        if path in self.devices:
            return self.devices[path] | self.wireless
        if path in self.active:
            return self.active[path]
        if path.startswith(f"{ROOT}/AccessPoint/"):
            return self.points[int(path.rpartition("/")[2])]
        return {"ActiveState": ("s", "active")}
