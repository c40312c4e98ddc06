"""What the daemon tells at the door, as it is told at the broker: pure, from events to what is published."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.door import messages as door

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.mqtt.topics import Told

DUE_S: Final = 2.0
"""How much later than told a timer may be gone and count as rung: what is told of it is told a few times a second."""
LONGEST: Final = 4_000
"""Characters of what was said, of which a broker is told the first."""

Payload = str
One = tuple["Told", Payload]


class Telling:
    """What of a device is to be told, one event of the door after the other."""

    def __init__(self, *, words: bool, clock: Callable[[], float] = time.time) -> None:
        self._words, self._clock = words, clock
        self._timers: door.Timers | None = None
        self._version = ""
        self._reply: door.Caption | None = None

    def on(self, event: door.Event) -> Iterator[One]:
        """Yield what an event changes."""
        match event:
            case door.Snapshot():
                yield from self._snapshot(event)
            case door.State():
                yield "state", event.light
                yield "update", self._update(event)
            case door.Muted(on=on):
                yield "mute", "ON" if on else "OFF"
            case door.Volume(percent=percent):
                yield "volume", str(percent)
            case door.Engine(engine=engine, engines=engines, open=is_open, why=why):
                found = {"engine": engine or "none", "engines": engines, "open": is_open, "fault": why}
                yield "engine", _json(found)
            case door.Cost(today=today, budget=budget):
                yield "cost", _json({"today": round(today, 4), "budget": budget, "since": self._midnight()})
            case door.Faults(faults=faults):
                problem = "ON" if faults else "OFF"
                yield "faults", _json({"problem": problem, "faults": [fault.what for fault in faults]})
            case door.Timers():
                yield from self._alarms(event)
            case door.Caption() | door.Heard() if self._words:
                yield from self._said(event)

    def _snapshot(self, now: door.Snapshot) -> Iterator[One]:
        self._version = now.about.version
        parts = (now.state, now.muted, now.volume, now.engine, now.cost, now.faults, now.timers)
        for event in (*parts, *now.captions, *now.heard):
            yield from self.on(event)

    def _update(self, state: door.State) -> str:
        """Say which version runs. Which is the newest, only what looks for it knows; it takes it by itself at night."""
        found = {"installed_version": self._version, "latest_version": self._version, "in_progress": state.updating}
        return _json(found)

    def _alarms(self, now: door.Timers) -> Iterator[One]:
        before, self._timers = self._timers, now
        rings = [*(timer.rings_at for timer in now.timers if not timer.paused)]
        rings += [alarm.rings_at for alarm in now.alarms if alarm.rings_at is not None]
        shown = {
            "next": _time(min(rings)) if rings else None,
            "ringing": now.ringing,
            "timers": [
                {"name": one.name, "seconds": one.seconds, "rings_at": _time(one.rings_at), "paused": one.paused}
                for one in now.timers
            ],
            "alarms": [
                {"kind": one.kind, "text": one.text, "days": one.days,
                 "rings_at": None if one.rings_at is None else _time(one.rings_at)}
                for one in now.alarms
            ],
        }  # fmt: skip
        yield "timers", _json(shown)
        if before is not None:
            yield from self._happened(before, now)

    def _happened(self, before: door.Timers, now: door.Timers) -> Iterator[One]:
        """Yield what was set, is over or rings since `before`."""
        was, there = _named(before), _named(now)
        for key in there.keys() - was.keys():
            yield "alarm", _json({"event_type": "set", **there[key][1]})
        late = self._clock() + DUE_S
        for key in was.keys() - there.keys():
            rings_at, what = was[key]
            if rings_at is None or rings_at > late:
                yield "alarm", _json({"event_type": "cancelled", **what})
        due = [
            what["name"]
            for key, (at, what) in was.items()
            if at is not None and at <= late and _next(there.get(key), later_than=at + DUE_S)
        ]
        if due or (now.ringing and not before.ringing):
            yield "alarm", _json({"event_type": "ringing", "names": due})
        elif before.ringing and not now.ringing:
            yield "alarm", _json({"event_type": "ended"})

    def _said(self, event: door.Caption | door.Heard) -> Iterator[One]:
        """Tell what the user has said; of a reply what was heard of it, once that is all."""
        if isinstance(event, door.Heard):
            reply = self._reply
            if event.over and reply is not None and reply.id == event.id:
                whole = event.chars >= len(reply.text.rstrip())
                yield "reply", _json({"text": reply.text[: event.chars][:LONGEST], "whole": whole})
        elif event.role != "user":
            self._reply = event
        elif event.final:
            yield "user", _json({"text": event.text[:LONGEST]})

    def _midnight(self) -> str:
        now = datetime.fromtimestamp(self._clock()).astimezone()
        return now.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()


def _next(one: tuple[float | None, dict[str, Any]] | None, *, later_than: float) -> bool:
    """Tell whether what rang is over, or rings another time."""
    return one is None or (one[0] is not None and one[0] > later_than)


def _named(now: door.Timers) -> dict[tuple[Any, ...], tuple[float | None, dict[str, Any]]]:
    """Return when each timer and alarm rings, and what is said of it."""
    found: dict[tuple[Any, ...], tuple[float | None, dict[str, Any]]] = {}
    for timer in now.timers:
        what = {"kind": "timer", "name": timer.name, "seconds": timer.seconds}
        found["timer", timer.name, timer.seconds] = (None if timer.paused else timer.rings_at), what
    for alarm in now.alarms:
        what = {"kind": alarm.kind, "name": alarm.text}
        found[alarm.kind, alarm.number] = alarm.rings_at, what
    return found


def _time(at: float) -> str:
    """Return a moment as Home Assistant's timestamps are: ISO 8601 with the time zone."""
    return datetime.fromtimestamp(round(at)).astimezone().isoformat()


def _json(found: dict[str, Any]) -> str:
    return msgspec.json.encode(found).decode()
