"""The commands that talk to the daemon that runs: status, ask, wake, stop, volume, timers and the page's code."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import click

from device.commands.terminal import AS_JSON, CommandError, print_json
from device.door import messages as m
from device.door.client import DoorError, NoDaemon, connect
from device.system.harmless import line
from device.system.printed import console, echo, in_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from device.door.client import Client

R = TypeVar("R")
TEXT = click.argument("text")


def at_door(work: Callable[[Client], Coroutine[None, None, R]]) -> R:
    """Do something with a connection to the daemon. Raises CommandError, also if there is no daemon."""
    try:
        return asyncio.run(_connected(work))
    except DoorError as error:
        raise CommandError(str(error)) from None


async def _connected(work: Callable[[Client], Coroutine[None, None, R]]) -> R:
    async with await connect(f"parley {click.get_current_context().info_name}") as door:
        return await work(door)


def done(request: m.Request) -> None:
    """Have something done by the daemon. Raises CommandError."""
    at_door(lambda door: door.request(request, m.Done))


@click.command()
def wake() -> None:
    """Have the assistant that runs listen now, as after the wake word."""
    done(m.Wake())
    echo("It listens.")


@click.command()
def stop() -> None:
    """Stop the assistant's ringing or speaking, or end the conversation."""
    done(m.Stop())
    echo("It is quiet.")


@click.command()
@TEXT
def ask(text: str) -> None:
    """Ask the assistant that runs TEXT, as if it had been said: it answers aloud, and here."""
    answer = at_door(lambda door: door.request(m.Ask(_checked(text, m.LONGEST_TEXT)), m.Answer))
    echo(answer.text or "(it said nothing that it told in words)")
    if answer.unheard:
        echo(f"(not heard: {answer.unheard})")


def said(text: str) -> bool:
    """Have the daemon say a text, and wait until it was heard; return False if there is none. Raises CommandError."""
    try:
        reply = asyncio.run(_connected(lambda door: door.request(m.Say(_checked(text, m.LONGEST_SPOKEN)), m.Said)))
    except NoDaemon:
        return False
    except DoorError as error:
        raise CommandError(str(error)) from None
    if not reply.whole:
        echo("It was interrupted.")
    return True


def _checked(text: str, most: int) -> str:
    if not text.strip():
        raise CommandError("there is no text: put it in quotes after the command")
    if len(text) > most:
        raise CommandError(f"the text has {len(text)} letters, and at most {most} are taken at a go")
    return text


@click.command()
@click.argument("percent", type=click.IntRange(0, 100), required=False)
def volume(percent: int | None) -> None:
    """Show how loud the assistant that runs is, or set it to PERCENT."""
    if percent is not None:
        done(m.SetVolume(percent))
    else:
        percent = at_door(lambda door: door.request(m.GetStatus(), m.Status)).now.volume.percent
    echo(f"The volume is {percent} %.")


@click.command()
@click.option("--cancel", metavar="NAME", help="Cancel the timer called so, or the alarm of this number.")
@AS_JSON
def timers(cancel: str | None, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """List the timers, alarms and reminders that are set, or cancel one."""
    if cancel is not None:
        number = cancel.removeprefix("#")
        known = at_door(lambda door: door.request(m.GetTimers(), m.TimersSet))
        by_number = number.isdigit() and any(alarm.number == int(number) for alarm in known.alarms)
        if not cancel.strip() or len(cancel) > 200:
            raise CommandError("--cancel: it takes the name of a timer, or the number of an alarm")
        done(m.CancelAlarm(int(number)) if by_number else m.CancelTimer(cancel))
        echo(f"“{cancel}” is cancelled.")
        return
    found = at_door(lambda door: door.request(m.GetTimers(), m.TimersSet))
    if as_json:
        print_json(found)
        return
    rows = [(timer.name, f"in {_span(timer.left_s)}{' (paused)' if timer.paused else ''}") for timer in found.timers]
    rows += [(f"#{alarm.number} {alarm.text or alarm.kind}", _when(alarm)) for alarm in found.alarms]
    for name, when in rows:
        echo(f"{name}: {when}")
    if not rows:
        echo("Nothing is set.")
    if found.ringing:
        echo("It rings.")


@click.command()
@click.option("--follow", is_flag=True, help="Go on, and show what changes, until Ctrl-C.")
@AS_JSON
def status(follow: bool, as_json: bool) -> None:  # noqa: FBT001 - flags
    """Show what the assistant that runs is doing, and how it is."""
    if follow:
        with suppress(KeyboardInterrupt):  # which ends it, as said
            at_door(lambda door: _follow(door, as_json=as_json))
        return
    now = at_door(lambda door: door.request(m.GetStatus(), m.Status)).now
    if as_json:
        print_json(now)
    else:
        _show(now)


def _show(now: m.Snapshot) -> None:
    """Print the state of everything as lines, of which only what counts is there."""
    from rich.table import Table  # noqa: PLC0415 - it takes a tenth of a second, and `--json` needs none

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, what in _rows(now):
        table.add_row(*in_cells(name, what))
    console().print(table)


def _rows(now: m.Snapshot) -> list[tuple[str, str]]:
    about, engine = now.about, now.engine
    rows = [
        ("Assistant", f"{about.name}, Parley {about.version}{f', on {about.card}' if about.card else ''}"),
        ("State", _state(now.state)),
        ("Wake word", ", ".join(about.wake_words)),
        ("Engine", f"{engine.engine or engine.engines[0]}{' (open)' if engine.open else ''}" if engine.engines else ""),
        ("", f"last trouble: {engine.why}" if engine.why else ""),
        ("Profile", about.profile),
        ("Microphone", "muted, by a switch" if now.muted.switch else "muted" if now.muted.on else "open"),
        ("Volume", f"{now.volume.percent} %"),
        ("Latency", f"{now.latency.ms} ms, of the last turn" if now.latency else ""),
        ("Cost today", _cost(now.cost)),
        *(
            ("Timer", f"{one.name}, in {_span(one.left_s)}{' (paused)' if one.paused else ''}")
            for one in now.timers.timers
        ),
        *((one.kind.capitalize(), f"{one.text} {_when(one)}".strip()) for one in now.timers.alarms),
        *(("Fault", one.what) for one in now.faults.faults),
        *((_who(one), one.text) for one in now.captions),
    ]
    return [(name, what) for name, what in rows if what]


async def _follow(door: Client, *, as_json: bool) -> None:
    """Print what happens, as it happens."""
    lines = _Lines()
    async for event in door.subscribe():
        if as_json:
            click_line = m.encode(event).decode().rstrip("\n")
            echo(click_line)
        elif isinstance(event, m.Snapshot):
            _show(event)
            lines.know(event)
        else:
            lines.take(event)


class _Lines:
    """What is printed of events: what says something new to a person."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._state = ""

    def know(self, now: m.Snapshot) -> None:
        """Take what was shown already."""
        self._texts = {caption.id: caption.text for caption in now.captions}
        self._state = _state(now.state)

    def take(self, event: m.AnyEvent) -> None:
        """Print an event, if there is anything new in it."""
        told = self._told(event)
        if told is not None:
            name, what = told
            console().print(f"{time.strftime('%H:%M:%S')}  {name:<10} {line(what)}", soft_wrap=True)

    def _told(self, event: m.AnyEvent) -> tuple[str, str] | None:
        match event:
            case m.State() if (state := _state(event)) != self._state:
                self._state = state
                return "state", state
            case m.Caption(final=True):
                self._texts[event.id] = event.text
                return (_who(event).lower(), event.text) if event.text else None
            case m.Heard(over=True) if event.chars < len(text := self._texts.get(event.id, "")):
                return "not heard", text[event.chars :].strip()
            case m.Latency(ms=ms):
                return "latency", f"{ms} ms"
            case _:
                return _of_engine(event) or _of_device(event)


def _of_engine(event: m.AnyEvent) -> tuple[str, str] | None:
    match event:
        case m.Engine(engine=engine, why=why) if why or event.open:
            return "engine", why or engine
        case m.Cost() if event.today or event.budget:
            return "cost", _cost(event)
        case _:
            return None


def _of_device(event: m.AnyEvent) -> tuple[str, str] | None:
    match event:
        case m.Muted(on=on):
            return "microphone", "muted" if on else "open"
        case m.Volume(percent=percent):
            return "volume", f"{percent} %"
        case m.Timers(timers=timers, alarms=alarms):
            names = [one.name for one in timers] + [one.text or one.kind for one in alarms]
            return "set", ", ".join(names) or "nothing"
        case m.Faults(faults=faults):
            return "faults", "; ".join(fault.what for fault in faults) or "none any more"
        case _:
            return None


def _state(state: m.State) -> str:
    words = {"closed": "waits for the wake word or the button", "leak": "SENDS SOUND ALTHOUGH IT MUST NOT"}
    said = words.get(state.light, state.state)
    if state.ringing:
        said += ", ringing"
    return said + (", updating" if state.updating else "")


def _who(caption: m.Caption) -> str:
    return {"user": "You", "assistant": "It", "device": "Says"}[caption.role]


def _cost(cost: m.Cost) -> str:
    if not (cost.today or cost.budget):
        return ""
    return f"{cost.today:.2f} US dollars" + (f" of {cost.budget:.2f}" if cost.budget else "")


def _span(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _when(alarm: m.Alarm) -> str:
    if alarm.rings_at is None:
        return "once the clock is set"
    days = f", {' '.join(_DAYS[day] for day in alarm.days)}" if alarm.days else ""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(alarm.rings_at)) + days


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.command("code")
@click.option("--speak", is_flag=True, help="Have the device say it aloud, too.")
def page_code(speak: bool) -> None:  # noqa: FBT001 - a flag
    """Show a code that lets its owner into the page: for ten minutes, once."""
    made = at_door(lambda door: door.request(m.NewCode(speak=speak), m.CodeIs))
    echo(f"{made.code}", f"It holds for {made.seconds / 60:.0f} minutes, and once.")
