"""What aimock plays to a GPT-Live client: a conversation, of which it takes no message but the expected ones."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from msgspec import to_builtins

from device.engines.live.config import LiveConfig, session_of
from device.engines.live.work import RESULT

SECOND = 48_000
"""Bytes."""


def live_fixture(config: LiveConfig) -> dict[str, Any]:
    """Return what aimock plays to a GPT-Live client that says just this: any other message ends the session.

    The user speaks for a second, the work is handed to us and comes back, half a second is said of it.
    """
    session = to_builtins(session_of(config, ()))
    resource = session | {"id": "live-id-1", "expires_at": 2_000_000_000, "status": "active", "input": []}
    tone = base64.b64encode(np.tile(np.array([8000, -8000], "<i2"), SECOND // 8).tobytes()).decode()
    quiet = base64.b64encode(bytes(SECOND // 10)).decode()
    entries: list[dict[str, Any]] = []
    bindings: list[dict[str, Any]] = []

    def add(direction: str, kind: str, barrier: tuple[int, int] | None = None, /, **fields: Any) -> None:
        event = {"type": kind, **fields}
        entry = {"direction": direction, "atMs": len(entries), "event": event}
        if barrier:
            entry["barrier"] = {"command": barrier[0], "audioBytes": barrier[1]}
            if kind != "session.output_audio.delta":
                event["event_id"] = f"live-id-{100 + len(entries)}"
                bind("/event_id", f"event-{len(entries)}", "define")
        entries.append(entry)

    def bind(pointer: str, name: str, action: str) -> None:
        bindings.append({"entry": len(entries), "pointer": pointer, "name": name, "action": action, "owner": "server"})

    add("client", "session.start", session=session)
    bind("/session/id", "session", "define")
    add("server", "session.started", (1, 0), session=resource)
    add("client", "session.input_audio.append", audio=base64.b64encode(bytes(SECOND)).decode())
    add("server", "session.input_transcript.delta", (1, SECOND // 2), start_ms=0, end_ms=400, delta="Set a timer.")
    bind("/delegation/id", "work", "define")
    work = {"id": "live-id-2", "type": "delegation", "target": "client"}
    add("server", "session.delegation.created", (1, SECOND), offset_ms=500, delegation=work)
    bind("/delegation_id", "work", "reference")
    add("client", "session.commentary.append", delegation_id="live-id-2", content=f'{RESULT}{{"seconds": 300}}')
    add("server", "session.output_transcript.delta", (2, 0), start_ms=1000, end_ms=1500, delta="It is set.")
    add("server", "session.output_audio.delta", (2, 0), delta=tone)
    for _ in range(15):
        add("server", "session.output_audio.delta", (2, 0), delta=quiet)
    add("client", "session.close")
    bind("/session/id", "session", "reference")
    add("server", "session.closed", (3, 0), reason="close_requested", session=resource, usage={"seconds": 2})
    pcm = {"encoding": "pcm16le", "sampleRateHz": 24_000, "channels": 1}
    live = {"version": 1, "model": "gpt-live-1", "mode": "client", "audio": pcm, "configuration": session}
    capture = {"source": "authored", "complete": True, "terminalEntry": len(entries) - 1}
    live |= {"entries": entries, "bindings": bindings, "capture": capture}
    match = {"endpoint": "openai-live", "model": "gpt-live-1"}
    return {"fixtures": [{"match": match, "response": {"live": live, "liveTiming": "immediate"}}]}
