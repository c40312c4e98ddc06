"""How many of the ordinary requests are done."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.bench.requests.household import Household, its_zone
from device.bench.requests.judge import Outcome, Verdict, amiss, judge
from device.bench.requests.plan import BUNDLED, Request, load
from device.bench.requests.talk import outcome
from device.bench.result import BenchError, Figure, Job, Result
from device.engines.prompt import instructions
from device.local.load import make_brain
from device.local.stages import BrainError, EngineStartError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from device.settings.tree import Settings

WHAT = (
    "What people ask a speaker in a kitchen, as text, to the local engine's brain with the daemon's tools over a "
    "simulated device, on a fixed clock, each in a conversation of its own. Done: the tool was called that had to be, "
    "the device is as it was asked to be, and the answer is right. Refused honestly: one sentence without jargon that "
    "says what cannot be done; a sixth of the requests need the internet, a home or a telephone."
)
DONE: Final = 80.0
DONE_OR_REFUSED: Final = 95.0


class Came(Struct, frozen=True):
    """What came of a request."""

    request: Request
    verdict: Verdict
    outcome: Outcome
    why: str
    """Why it is not done; empty if it is."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError."""
    requests = load(job.requests or BUNDLED)
    if job.quick:
        requests = requests[::4]
    job.say(f"{len(requests)} requests")
    with its_zone():
        came = asyncio.run(ask(requests, job.settings))
    for line in failures(came):
        job.say(line)
    return Result("requests", WHAT, figures(came), details=tuple(map(detail, came)))


async def ask(requests: Sequence[Request], settings: Settings) -> list[Came]:
    """Make the requests; return what came of each. Raises BenchError."""
    household = Household()
    told = instructions(settings)
    came = []

    def now() -> datetime:
        return household.now()  # of the one that is asked at the time

    try:
        brain = make_brain(settings, now)
        for request in requests:
            household = Household()
            what = await outcome(request, brain, household, told)
            came.append(Came(request, judge(request, what), what, amiss(request, what)))
    except (BrainError, EngineStartError) as error:
        raise BenchError(str(error)) from error
    return came


def figures(came: Sequence[Came]) -> tuple[Figure, ...]:
    """Return how many came to what, in percent of all."""
    count = Counter(one.verdict for one in came)

    def share(*verdicts: Verdict) -> float:
        return 100 * sum(count[verdict] for verdict in verdicts) / len(came) if came else float("nan")

    return (
        Figure(f"{len(came)} requests as text, done", share("done"), "%", at_least=DONE),
        Figure("… or honestly refused", share("done", "refused"), "%", at_least=DONE_OR_REFUSED),
        Figure("… wrong", share("wrong"), "%"),
        Figure("… not understood", share("not understood"), "%"),
    )


def failures(came: Sequence[Came]) -> tuple[str, ...]:
    """Return a line for each request that failed: what was said to it, and why that is wrong."""
    return tuple(
        f'{one.verdict}: "{one.request.say}" → {one.outcome.answer or "nothing"} ({one.why})'
        for one in came
        if one.verdict in {"wrong", "not understood"}
    )


def detail(one: Came) -> dict[str, object]:
    """Return what came of a request, for a JSON file."""
    return {
        "say": one.request.say,
        "verdict": one.verdict,
        "answer": one.outcome.answer,
        "called": [{"tool": call.tool, "arguments": call.arguments, "done": call.done} for call in one.outcome.called],
        **({"why": one.why} if one.why else {}),
    }
