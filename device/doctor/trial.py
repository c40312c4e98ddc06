"""Talks with an engine for half a minute with a key that is not kept, in a process of its own: for the first steps.

`python -m device.doctor.trial [CONFIG]` is asked at standard input by the door's `TryEngine` as JSON, and writes its
`EngineTried` to standard output. The key is sent to the engine's server and to nobody else, and only if that is the
server which whoever gave the key was shown.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec
from msgspec.structs import replace

from device.doctor.engine import Course, examine_engine
from device.door.first_steps import EngineTried, Found, TryEngine
from device.records.costs import price_of
from device.settings import last_good
from device.settings.engines import CartesiaEngine, RemoteEngine, missing_key
from device.settings.keys import is_key, server_of
from device.settings.loading import SettingsError
from device.settings.prices import Amounts, cost, prices
from device.settings.types import Secret
from device.system.printed import echo

if TYPE_CHECKING:
    from typing import Literal

    from device.settings.tree import Settings

    Wrong = Literal["", "key", "credit", "unreachable", "busy", "model", "silent", "other"]

_CODES: Final[dict[str, Wrong]] = {
    **dict.fromkeys(("invalid_api_key", "account_deactivated", "http_401", "http_403"), "key"),
    **dict.fromkeys(("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"), "credit"),
    **dict.fromkeys(
        ("timeout", "dns", "unreachable", "proxy", "certificate", "tls", "captive_portal", "redirected", "lost"),
        "unreachable",
    ),
    **dict.fromkeys(("rate_limit_exceeded", "server_error", "http_429", "http_500", "http_502", "http_503"), "busy"),
    **dict.fromkeys(("model_not_found", "http_404"), "model"),
    "silent": "silent",
}
"""What codes of faults come to, for whoever sets the device up: `device.engines.faults`."""


class TrialError(Exception):
    """The trial is not begun; says why."""


def with_key(settings: Settings, asked: TryEngine) -> Settings:
    """Return the settings with the key and the agent that are to be tried. Raises TrialError."""
    if asked.engine == "local":
        return settings
    engine = settings.engine.get(asked.engine)
    if not isinstance(engine, RemoteEngine):
        raise TrialError(f"no engine is called {asked.engine!r}")
    if server_of(engine.url) != asked.server:
        raise TrialError(f"the engine {asked.engine} is at {server_of(engine.url)}, not at {asked.server}")
    if not is_key(asked.key.strip()):
        raise TrialError("this is no key: it has letters, digits and signs alone, and no spaces")
    if asked.key.strip():
        engine = replace(engine, api_key=Secret(asked.key))
    if asked.agent.strip() and isinstance(engine, CartesiaEngine):
        engine = replace(engine, agent=asked.agent.strip())
    if missing := missing_key(asked.engine, engine):
        raise TrialError(missing)
    return replace(settings, engine={**settings.engine, asked.engine: engine})


async def examine(settings: Settings, name: str, config: Path | None = None) -> EngineTried:
    """Return how a conversation with an engine of the settings goes."""
    course = Course()
    found = [
        Found(one.name, one.status, one.message, one.fix)
        async for one in examine_engine(settings, name, config, course)
    ]
    failed = any(one.status == "fail" for one in found)
    model = getattr(settings.engine.get(name), "model", "")
    price = price_of(prices(settings.prices), name, model)
    return EngineTried(
        not failed,
        _CODES.get(course.fault, "other") if failed else "",
        None if course.delay_ms is None else round(course.delay_ms),
        course.understood,
        course.answer,
        None if price is None or course.used == Amounts() else round(cost(course.used, price), 4),
        tuple(found),
    )


def answer(asked: bytes, config: Path | None, out: BinaryIO) -> None:
    """Answer a message. Raises TrialError, SettingsError, or msgspec's for what is none."""
    request = msgspec.json.decode(asked, type=TryEngine)
    settings = with_key(last_good.load(config).settings, request)
    out.write(msgspec.json.encode(asyncio.run(examine(settings, request.engine, config))))
    out.flush()


def main() -> None:
    """Answer what is asked at standard input."""
    config = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        answer(sys.stdin.buffer.read(), config, sys.stdout.buffer)
    except (TrialError, SettingsError) as error:
        echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
