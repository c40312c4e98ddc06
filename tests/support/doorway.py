"""A door to the daemon of a simulated room, and a client at it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from device.daemon.controls import Controls
from device.daemon.doorway import Doorway
from device.door.client import connect
from device.door.place import FILE
from device.records.costs import Costs
from device.settings.last_good import InForce
from device.settings.loading import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.house import House

    from device.door.client import Client
    from device.door.messages import AnyEvent


@asynccontextmanager
async def door(house: House, **more: Any) -> AsyncIterator[Client]:
    """Open a door to the daemon that plays in `house`, and come in by it; `more` is the doorway's.

    `found` are the settings in force, the defaults if they are not given.
    """
    controls = Controls(house.daemon, mark=house.folder / "updating")
    found = more.pop("found", None) or InForce(settle({}, {"HOME": str(house.folder)}))
    costs = Costs({}, {}, lambda: 0.0, keep_days=0, path=house.folder / "costs.sqlite")
    path = house.folder / FILE
    doorway = Doorway(
        path,
        house.daemon,
        controls,
        house.rehearsal.ledger,
        found,
        **{"costs": costs, "restart": controls.start_anew, **more},
    )
    await doorway.open()
    try:
        async with await connect("a test", path) as client:
            client.doorway = doorway  # type: ignore[attr-defined]
            yield client
    finally:
        await doorway.close()


async def told(events: AsyncIterator[AnyEvent], kind: type[AnyEvent], **fields: Any) -> Any:
    """Return the next event of a kind that has these values."""
    async for event in events:
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
            return event
    raise AssertionError("the door is shut")
