"""Set a Home Assistant up as its owner would, and talk with it by the local engine's sentences: `scripts/test-home`.

It is told by its own door what became of each request; nothing of it is ours but the settings.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from device.local.brain.sentences import Sentences
from device.local.stages import Call, Choice, Text, Tool, Turn
from device.mcp.servers import Servers
from device.settings.mcp import McpSettings
from device.settings.types import Secret
from device.tools.registry import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HERE: Final = Path(__file__).parent
START_S: Final = 600.0
"""For a start, at which it installs what its parts need. A minute or two on a fast line."""
ROOMS: Final = {
    "light.ceiling_light": "kitchen",
    "switch.coffee_machine": "kitchen",
    "light.reading_lamp": "living_room",
    "climate.heating": "living_room",
    "climate.radiator": "bedroom",
}
SAID: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("Turn on the kitchen light", "on.", {"light.ceiling_light": "on"}),
    ("Set the kitchen light to thirty percent", "", {"light.ceiling_light": "on"}),
    ("Is the kitchen light on?", "Ceiling Light is on.", {}),
    ("Turn on the reading lamp", "on.", {"light.reading_lamp": "on"}),
    ("Turn all the lights off", "off.", {"light.ceiling_light": "off", "light.reading_lamp": "off"}),
    ("Are the kitchen lights on?", "off.", {}),
    ("Set the living room heating to 22 degrees", "22 degrees.", {"climate.heating": 22.0}),
    ("Set the heating to 20 degrees", "say it with the room.", {"climate.heating": 22.0, "climate.radiator": 18.0}),
    ("How warm is it in the living room?", "19 degrees", {}),
    ("Turn on the lights in the cellar", "found nothing", {}),
)
"""What is said, what is in the answer, and how what it is about must be after it."""


class House:
    """A Home Assistant at `url`, whose owner has the token `token`."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self.url, self.token = http, url, ""

    async def post(self, path: str, **body: Any) -> Any:
        """Ask its door for something, in JSON."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._http.post(self.url + path, json=body, headers=headers) as response:
            response.raise_for_status()
            return await response.json()

    async def set_up(self) -> None:
        """Make an owner, rooms with devices, and switch its server of tools on."""
        own = self.url + "/"
        owner = {"name": "Owner", "username": "owner", "password": "not-a-secret", "language": "en"}
        code = (await self.post("/api/onboarding/users", client_id=own, **owner))["auth_code"]
        form = {"client_id": own, "grant_type": "authorization_code", "code": code}
        async with self._http.post(self.url + "/auth/token", data=form) as response:
            self.token = (await response.json())["access_token"]
        for step in ("core_config", "analytics"):
            await self.post(f"/api/onboarding/{step}")
        await self.post("/api/onboarding/integration", client_id=own, redirect_uri=own)
        flow = await self.post("/api/config/config_entries/flow", handler="mcp_server")
        await self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", llm_hass_api=["assist"])
        async with self._http.ws_connect(self.url + "/api/websocket") as line:
            await line.receive_json()
            await line.send_json({"type": "auth", "access_token": self.token})
            await line.receive_json()
            asked: list[dict[str, Any]] = [
                {"type": "config/entity_registry/update", "entity_id": entity, "area_id": room}
                for entity, room in ROOMS.items()
            ]
            shown = {"assistants": ["conversation"], "entity_ids": list(ROOMS), "should_expose": True}
            for number, one in enumerate([*asked, {"type": "homeassistant/expose_entity", **shown}], 1):
                await line.send_json({"id": number, **one})
                if not (answer := await line.receive_json())["success"]:
                    raise RuntimeError(f"Home Assistant refuses {one}: {answer}")

    async def states(self) -> dict[str, Any]:
        """Return how its devices are; of thermostats, what they are set to."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._http.get(self.url + "/api/states", headers=headers) as response:
            told = {one["entity_id"]: one for one in await response.json()}
        return {name: told[name]["attributes"].get("temperature", told[name]["state"]) for name in ROOMS}


@asynccontextmanager
async def started(program: str) -> AsyncIterator[House]:
    """Run Home Assistant in a folder of its own; yields it once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = (HERE / "configuration.yaml").read_text("utf-8").replace("PORT", str(port))
        (Path(folder) / "configuration.yaml").write_text(settings, "utf-8")
        hass = await asyncio.create_subprocess_exec(program, "-c", folder, stdout=sys.stderr)
        try:
            async with aiohttp.ClientSession() as http, asyncio.timeout(START_S):
                house = House(http, f"http://127.0.0.1:{port}")
                while True:
                    try:
                        async with http.get(house.url + "/api/onboarding"):
                            break
                    except aiohttp.ClientConnectionError:
                        if hass.returncode is not None:
                            raise RuntimeError("Home Assistant ended before it answered") from None
                        await asyncio.sleep(0.5)
                await house.set_up()
                yield house
        finally:
            if hass.returncode is None:
                hass.terminate()
            await hass.wait()


async def answer(tools: Registry, text: str) -> str:
    """Return what the local engine says to a text, once the tools that it calls have done it."""
    brain, choice = Sentences("en"), Choice()
    offered = [Tool(spec.name, spec.description, spec.parameters) for spec in tools.specs()]
    turns = [Turn("user", text)]
    items = [item async for item in brain.reply(turns, offered, "", choice)]
    for number, call in enumerate(one for one in items if isinstance(one, Call)):
        output = (await tools.call(call.name, call.arguments)).output
        turns.append(Turn("assistant", "", name=call.name, call_id=str(number)))
        turns.append(Turn("tool", output, call_id=str(number)))
    if len(turns) > 1:
        items = [item async for item in brain.reply(turns, offered, "", choice)]
    return " ".join(item.text for item in items if isinstance(item, Text))


async def main(program: str) -> int:
    """Say everything; return how much of it was not done."""
    wrong = 0
    async with started(program) as house:
        servers = Servers(
            {"home": McpSettings(url=f"{house.url}/api/mcp", token=Secret(house.token))}, environ=os.environ
        )
        servers.start()
        try:
            async with asyncio.timeout(60):
                while not servers.tools():  # noqa: ASYNC110 - they say nothing when they have some
                    await asyncio.sleep(0.1)
            tools = Registry([], changing=servers.tools)
            print(f"Home Assistant offers {len(tools.specs())} tools.")
            for text, says, states in SAID:
                told = await answer(tools, text)
                now = await house.states()
                right = says in told and states.items() <= now.items()
                wrong += not right
                print(f"{'ok  ' if right else 'FAIL'}  {text} → {told}" + ("" if right else f" {now}"))
        finally:
            await servers.close()
    print(f"{len(SAID) - wrong} of {len(SAID)} as they should be")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(asyncio.run(main(sys.argv[1]))))
