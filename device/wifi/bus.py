"""The system's D-Bus, as far as NetworkManager and systemd are asked by it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from jeepney import DBusAddress, MatchRule, MessageType, new_method_call
from jeepney.io.asyncio import open_dbus_router
from jeepney.io.common import RouterClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SYSTEM: Final = "SYSTEM"
ANSWER_S: Final = 15.0
"""How long an answer may take. A choice: the longest is that of polkit, on a Pi that has just started."""
PROPERTIES: Final = "org.freedesktop.DBus.Properties"
BUS: Final = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
KEPT: Final = 256
"""Signals that wait to be read; a choice: joining a network is a dozen."""


class BusError(Exception):
    """What was asked was not done; `name` is D-Bus's for what is wrong, empty if there is no bus."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what)
        self.name = name


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Raise BusError for an answer that is not what it should be, however that shows when it is read."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BusError(f"{what} is not what it should be ({type(error).__name__}: {error})") from None


class Bus:
    """A connection with the bus; `opened` makes one."""

    def __init__(self, router: Any) -> None:
        self._router = router

    async def call(self, to: tuple[str, str, str], member: str, signature: str = "", *body: Any) -> tuple[Any, ...]:
        """Call a method of an object, which is `to`: bus name, path, interface. Raises BusError."""
        name, path, interface = to
        message = new_method_call(DBusAddress(path, name, interface), member, signature or None, body)
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self._router.send_and_get_reply(message)
        except TimeoutError:
            raise BusError(f"{name} does not answer {member} within {ANSWER_S:.0f} s") from None
        except (OSError, EOFError, KeyError, RouterClosed) as error:  # KeyError: jeepney 0.9 forgets who waits
            raise BusError(f"the connection with D-Bus broke off ({type(error).__name__})") from None
        if answer.header.message_type is MessageType.error:
            kind = str(answer.header.fields.get(4, ""))  # ERROR_NAME, in the specification of D-Bus
            said = answer.body[0] if answer.body and isinstance(answer.body[0], str) else kind
            raise BusError(f"{member}: {said}", kind)
        return tuple(answer.body)

    async def all(self, to: tuple[str, str, str]) -> dict[str, Any]:
        """Return the properties of an object. Raises BusError."""
        name, path, interface = to
        answer = await self.call((name, path, PROPERTIES), "GetAll", "s", interface)
        with understood(f"what {path} is said to be"):
            (told,) = answer
            return {key: value for key, (_, value) in told.items()}

    async def get(self, to: tuple[str, str, str], key: str) -> Any:
        """Return a property of an object. Raises BusError."""
        name, path, interface = to
        answer = await self.call((name, path, PROPERTIES), "Get", "ss", interface, key)
        with understood(f"{key} of {path}"):
            ((_, value),) = answer
            return value

    @asynccontextmanager
    async def signals(self, of: tuple[str, str, str], member: str) -> AsyncIterator[asyncio.Queue[Any]]:
        """Hold a queue of the messages by which an object tells that something happened. Raises BusError."""
        name, path, interface = of
        what = {"type": "signal", "interface": interface, "member": member, "path": path}
        # The bus knows who has the name; here its messages come from a number.
        at_bus = MatchRule(sender=name, **what).serialise()
        with self._router.filter(MatchRule(**what), bufsize=KEPT) as queue:
            await self.call(BUS, "AddMatch", "s", at_bus)
            try:
                yield queue
            finally:
                with suppress(BusError):
                    await self.call(BUS, "RemoveMatch", "s", at_bus)


@asynccontextmanager
async def opened(address: str = SYSTEM) -> AsyncIterator[Bus]:
    """Hold a connection with the bus at `address`, as D-Bus writes it. Raises BusError."""
    way = open_dbus_router(address)
    try:
        async with asyncio.timeout(ANSWER_S):
            router = await way.__aenter__()
    except (OSError, EOFError, ValueError, KeyError, RuntimeError) as error:
        raise BusError(f"there is no D-Bus: {error or type(error).__name__}") from None
    try:
        yield Bus(router)
    finally:
        with suppress(OSError, EOFError, ValueError):  # it broke off before, of which who asked last was told
            await way.__aexit__(None, None, None)
