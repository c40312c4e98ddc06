"""Home Assistant's server of tools, scripted after its source (components/mcp_server/http.py and server.py, 2026-10).

It is without sessions, answers plain JSON alone, knows no newer revision than 2025-06-18, and wants a bearer token.
What is no method that it knows is an error with status 200. Each tool answers as an intent does: what it was done to,
or, where nothing fits, an error that shows the whole of Python's object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web
from support.scripted_mcp import ScriptedMcp, said, tool

if TYPE_CHECKING:
    from collections.abc import Mapping

WHERE: Mapping[str, Any] = {
    "name": "string",
    "area": "string",
    "floor": "string",
    "domain": {"type": "array", "items": {"type": "string"}},
    "device_class": {"type": "array", "items": {"type": "string", "enum": ["outlet", "switch", "tv"]}},
}
TEMPERATURE = {"type": "number"}
BRIGHTNESS = {"type": "integer", "minimum": 0, "maximum": 100, "description": "The brightness percentage"}
TOOLS = (
    tool("HassTurnOn", about="Turns on/opens/presses a device or entity.", **WHERE),
    tool("HassTurnOff", about="Turns off/closes a device or entity.", **WHERE),
    tool("HassLightSet", about="Sets the brightness or color of a light", brightness=BRIGHTNESS, **WHERE),
    tool("HassClimateSetTemperature", about="Sets the target temperature", temperature=TEMPERATURE, **WHERE),
    tool("GetLiveContext", about="Provides real-time information about the CURRENT state of devices."),
)
_KNOWN = ("initialize", "ping", "tools/list", "tools/call", "prompts/list", "prompts/get", "logging/setLevel")


class ScriptedHome(ScriptedMcp):
    """A house with these devices: name → area, domain and state."""

    path = "/api/mcp"

    def __init__(self, token: str = "") -> None:
        super().__init__(revision="2025-06-18", token=token)
        self.tools = list(TOOLS)
        self.devices: dict[str, list[Any]] = {
            "Ceiling Light": ["Kitchen", "light", "off"],
            "Table Lamp": ["Kitchen", "light", "off"],
            "Reading Lamp": ["Living Room", "light", "on"],
            "Fan": ["Living Room", "fan", "off"],
            "Heating": ["Bathroom", "climate", 18],
        }

    async def answer(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        if "application/json" not in request.headers.get("Accept", ""):
            return web.Response(status=400, text="Client must accept application/json")
        if request.content_type != "application/json":
            return web.Response(status=400, text="Content-Type must be application/json")
        if "id" in message and message.get("method") not in _KNOWN:
            return said(message, error=(-32601, "Method not found"))
        return await super().answer(request, message)

    def usual(self, method: str, params: dict[str, Any]) -> Any:
        if method == "initialize":
            info = {"name": "home-assistant", "version": "1.26.0"}
            capabilities = {"experimental": {}, "prompts": {"listChanged": False}, "tools": {"listChanged": False}}
            return {"protocolVersion": self.revision, "capabilities": capabilities, "serverInfo": info}
        if method != "tools/call":
            return super().usual(method, params)
        name, arguments = params["name"], params.get("arguments", {})
        if name == "GetLiveContext":
            lines = [_told(one, *how) for one, how in self.devices.items()]
            return _text({"success": True, "result": "\n".join(["Live Context: An overview", *lines])})
        return self._intent(name, arguments)

    def _intent(self, name: str, arguments: dict[str, Any]) -> Any:
        meant = [one for one, (area, domain, _) in self.devices.items() if _fits(arguments, one, area, domain, name)]
        if not meant:
            why = "MatchTargetsResult(is_match=False, no_match_reason=<MatchFailedReason.AREA: 4>, states=[])"
            text = f"Error calling tool: <MatchFailedError result={why}, constraints=MatchTargetsConstraints(...)>"
            return {"content": [{"type": "text", "text": text}], "isError": True}
        if name == "HassClimateSetTemperature" and len(meant) > 1 and "area" not in arguments:
            text = "Error calling tool: <MatchFailedError ... no_match_reason=<MatchFailedReason.MULTIPLE_TARGETS: 12>>"
            return {"content": [{"type": "text", "text": text}], "isError": True}
        value: Any = {"HassTurnOn": "on", "HassTurnOff": "off"}.get(name, arguments.get("temperature", "on"))
        for one in meant:
            self.devices[one][2] = value
        done = [{"name": one, "type": "entity", "id": one} for one in meant]
        data = {"targets": [], "success": done, "failed": []}
        return _text({"speech": {}, "response_type": "action_done", "data": data})


def _told(name: str, area: str, domain: str, state: str | int) -> str:
    degrees = domain == "climate"
    lines = [f"- names: {name}", f"domain: {domain}", f"state: {'heat' if degrees else repr(state)}", f"areas: {area}"]
    if degrees:
        lines += ["attributes:", f"  current_temperature: {state}.0", "  temperature: 21.0"]
    return "\n  ".join(lines)


def _fits(arguments: dict[str, Any], name: str, area: str, domain: str, tool_name: str) -> bool:
    if tool_name == "HassClimateSetTemperature":
        arguments = arguments | {"domain": ["climate"]}
    wanted, where = arguments.get("name", "all"), arguments.get("area", area)
    domains = arguments.get("domain", [domain])
    return wanted.lower() in ("all", name.lower()) and where.lower() == area.lower() and domain in domains


def _text(value: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "isError": False}
