"""How many of the ordinary requests are done."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from device.bench.requests.household import Household, its_zone
from device.bench.requests.judge import Outcome, Verdict, amiss, judge
from device.bench.requests.plan import BUNDLED, Request, load
from device.bench.requests.spoken import in_room, sounds
from device.bench.requests.talk import outcome
from device.bench.requests.words import word_error_rate
from device.bench.result import BenchError, Figure, Job, Result
from device.bench.sounds import SoundError
from device.engines.prompt import instructions
from device.local.brain.discovery import search
from device.local.cascade import Cascade
from device.local.load import load_stages, make_brain
from device.local.stages import BrainError, EngineStartError, StageError
from device.model_files.files import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from device.settings.tree import Settings

WHAT = (
    "What people ask a speaker in a kitchen, as text, to the local engine's brain with the daemon's tools over a "
    "simulated device, on a fixed clock, each in a conversation of its own. Done: the tool was called that had to be, "
    "the device is as it was asked to be, and the answer is right. Refused honestly: one sentence without jargon that "
    "says what cannot be done; a sixth of the requests need the internet, a home or a telephone. Spoken: by four "
    "synthetic voices in a quiet simulated room, as the local engine's recogniser hears them; what is said before a "
    "request is text."
)
PARTS: Final = ("text", "spoken")
DONE: Final = 80.0
DONE_OR_REFUSED: Final = 95.0
DONE_SPOKEN: Final = 75.0
WER: Final = 7.0
"""Percent; as the project has set them."""


class Came(Struct, frozen=True):
    """What came of a request."""

    request: Request
    verdict: Verdict
    outcome: Outcome
    why: str
    """Why it is not done; empty if it is."""
    heard: str = ""
    """What the recogniser made of it, if it was spoken."""
    voice: str = ""
    """Who spoke it."""


class Said(Struct, frozen=True):
    """A request as it comes to the brain."""

    request: Request
    text: str
    voice: str = ""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError."""
    if job.part and job.part not in PARTS:
        raise BenchError(f'requests has no part "{job.part}"; it has {", ".join(PARTS)}')
    requests = load(job.requests or BUNDLED)
    if job.quick:
        requests = requests[::4]
    found: list[Figure] = []
    details: list[dict[str, object]] = []
    with its_zone():
        for part in (job.part,) if job.part else PARTS:
            came = asyncio.run(spoken(requests, job) if part == "spoken" else written(requests, job))
            found += figures(came, part)
            details += map(detail, came)
            for line in failures(came):
                job.say(line)
    return Result("requests", WHAT, tuple(found), details=tuple(details))


async def written(requests: Sequence[Request], job: Job) -> list[Came]:
    """Return what comes of the requests as text. Raises BenchError."""
    job.say(f"{len(requests)} requests as text")
    return await ask([Said(request, request.say) for request in requests], job.settings)


async def spoken(requests: Sequence[Request], job: Job) -> list[Came]:
    """Return what comes of the requests as voices say them and the local engine hears them. Raises BenchError."""
    voiced = sounds(requests, job.sounds)
    job.say(f"{len(voiced)} requests by {_voices(len({sound.voice for _, sound in voiced}))}")
    try:
        cascade = Cascade(load_stages(job.settings))
        try:
            said = [
                Said(request, await cascade.transcribe(in_room(sound, seed)), sound.voice)
                for seed, (request, sound) in enumerate(voiced)
            ]
        finally:
            await cascade.close()
    except (EngineStartError, ModelError, SoundError, StageError) as error:
        raise BenchError(str(error)) from error
    return await ask(said, job.settings)


async def ask(said: Sequence[Said], settings: Settings) -> list[Came]:
    """Make requests; return what came of each. Raises BenchError."""
    if settings.brain.url == "auto" and (found := (await search(settings.brain)).found):
        settings = replace(settings, brain=found.named_in(settings.brain))
    household = Household()
    told = instructions(settings)
    came = []

    def now() -> datetime:
        return household.now()  # of the one that is asked at the time

    try:
        brain = make_brain(settings, now)
        for one in said:
            household = Household()
            what = await outcome(one.request, brain, household, told, say=one.text)
            verdict, why = judge(one.request, what), amiss(one.request, what)
            came.append(Came(one.request, verdict, what, why, one.text if one.voice else "", one.voice))
    except (BrainError, EngineStartError) as error:
        raise BenchError(str(error)) from error
    return came


def figures(came: Sequence[Came], part: str = "text") -> tuple[Figure, ...]:
    """Return how many came to what, in percent of all; of those that were spoken, also how they were heard."""
    count = Counter(one.verdict for one in came)

    def share(*verdicts: Verdict) -> float:
        return 100 * sum(count[verdict] for verdict in verdicts) / len(came) if came else float("nan")

    is_text = part == "text"
    how = "as text" if is_text else "by " + _voices(len({one.voice for one in came}))
    made = (
        Figure(f"{len(came)} requests {how}, done", share("done"), "%", at_least=DONE if is_text else DONE_SPOKEN),
        Figure("… or honestly refused", share("done", "refused"), "%", at_least=DONE_OR_REFUSED if is_text else None),
        Figure("… wrong", share("wrong"), "%"),
        Figure("… not understood", share("not understood"), "%"),
    )
    if is_text:
        return made
    rate = word_error_rate((one.request.say, one.heard) for one in came)
    return (*made, Figure("… words that were heard wrong", rate, "%", at_most=WER))


def _voices(number: int) -> str:
    return f"{number} voice{'s' if number != 1 else ''}"


def failures(came: Sequence[Came]) -> tuple[str, ...]:
    """Return a line for each request that failed: what was said to it, and why that is wrong."""
    return tuple(
        f'{one.verdict}: "{one.request.say}"{f" ({one.voice}, heard as: {one.heard})" if one.voice else ""} → '
        f"{one.outcome.answer or 'nothing'} ({one.why})"
        for one in came
        if one.verdict in {"wrong", "not understood"}
    )


def detail(one: Came) -> dict[str, object]:
    """Return what came of a request, for a JSON file."""
    return {
        "say": one.request.say,
        **({"voice": one.voice, "heard": one.heard} if one.voice else {}),
        "verdict": one.verdict,
        "answer": one.outcome.answer,
        "called": [{"tool": call.tool, "arguments": call.arguments, "done": call.done} for call in one.outcome.called],
        **({"why": one.why} if one.why else {}),
    }
