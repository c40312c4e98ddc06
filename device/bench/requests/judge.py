"""What came of a request: done, refused honestly, wrong, or not understood."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from device.local.brain.cut import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.bench.requests.plan import Request, Wanted

Verdict = Literal["done", "refused", "wrong", "not understood"]

_JARGON: Final = re.compile(
    r"\b(urls?|settings?|brain|apis?|endpoints?|json|toml|yaml|config\w*|tokens?|language models?|servers?|localhost"
    r"|parameters?|arguments?|functions?|tool calls?|null|nan|undefined)\b|[{}_<>]",
    re.IGNORECASE,
)
"""What nobody in a kitchen says."""
_REFUSAL: Final = re.compile(
    r"\b(can ?not|can't|couldn't|could not|unable|not able|(do|did|does) not (know|have)|(don|doesn)'t (know|have)"
    r"|no way (to|of)|nobody has (told|given)|have no|has no|without)\b",
    re.IGNORECASE,
)
_NOT_UNDERSTOOD: Final = re.compile(
    r"\b(did not|didn't|do not|don't|could not|couldn't) (quite )?(understand|catch|get|follow)\b"
    r"|\bnot sure what you\b|\bother words\b|\brephrase\b|\bbeyond my\b",
    re.IGNORECASE,
)
_UNKNOWN: Final = re.compile(r"\b(do not|don't) know (that|this|it|how to do)\b|\bno answer to that\b", re.IGNORECASE)
"""What may be honest of a question, but of what can be done means that it was not understood."""
_READING: Final = re.compile(r"(get|list|read|show|find|tell|check|what)_.*|.*_(status|left|list)|calculate|convert")
"""Names of tools that change nothing."""
_COMMON: Final = frozenset(("what", "when", "which", "with", "from", "that", "this", "have", "your", "does", "about"))


class Called(Struct, frozen=True):
    """A call of a tool that was made."""

    tool: str
    arguments: dict[str, Any]
    output: str
    """JSON text."""
    done: bool
    """Whether it did what was asked: False if it gave an error."""


class Outcome(Struct, frozen=True):
    """What came of a request."""

    answer: str
    called: tuple[Called, ...]
    volume: int
    timers: tuple[int, ...]


def judge(request: Request, outcome: Outcome) -> Verdict:
    """Return what came of `request`."""
    if not amiss(request, outcome):
        return "done"
    changed = any(call.done and not reads(call) for call in outcome.called)
    if not changed and refuses(request, outcome.answer):
        return "refused"
    if not outcome.answer or _NOT_UNDERSTOOD.search(outcome.answer) or _UNKNOWN.search(outcome.answer):
        return "not understood"
    return "wrong"


def amiss(request: Request, outcome: Outcome) -> str:
    """Return why the request is not done; empty if it is."""
    faults = (*_said_amiss(request, outcome.answer), *_done_amiss(request, outcome))
    return next(filter(None, faults), "")


def _said_amiss(request: Request, answer: str) -> Iterator[str]:
    if jargon := _JARGON.search(answer):
        yield f"says {jargon[0]!r}"
    if _NOT_UNDERSTOOD.search(answer):
        yield "not understood"
    if request.cannot and not request.answer:
        yield "it cannot be done"
    if request.answer and not re.search(request.answer, answer, re.IGNORECASE):
        yield f"the answer has no {request.answer}"
    if request.never and (found := re.search(request.never, answer, re.IGNORECASE)):
        yield f"says {found[0]!r}"


def _done_amiss(request: Request, outcome: Outcome) -> Iterator[str]:
    done = [call for call in outcome.called if call.done]
    for wanted in request.calls:
        if not any(fits(wanted, call) for call in done):
            yield (
                f"{wanted.tool} was not called with {wanted.with_}" if wanted.with_ else f"no {wanted.tool} was called"
            )
    for call in done:
        if not reads(call) and _unasked(call, request):
            yield f"{call.tool} was called"
    if request.volume and not request.volume[0] <= outcome.volume <= request.volume[1]:
        yield f"the volume is {outcome.volume}"
    if request.timers is not None and request.timers != outcome.timers:
        yield f"the timers have {outcome.timers} s left"


def _unasked(call: Called, request: Request) -> bool:
    """Return whether a call changed something that the request is not about."""
    if any(re.fullmatch(wanted.tool, call.tool) for wanted in request.calls):
        return False
    told = {"volume": request.volume, "timer": request.timers}
    return all(state is None or word not in call.tool for word, state in told.items())


def refuses(request: Request, answer: str) -> bool:
    """Return whether an answer is an honest refusal: one sentence without jargon, about what was asked."""
    if not _REFUSAL.search(answer) or _JARGON.search(answer) or len(sentences(answer)) > 1:
        return False
    if request.cannot:
        return bool(re.search(request.cannot, answer, re.IGNORECASE))
    return not _NOT_UNDERSTOOD.search(answer) and bool(_stems(answer) & _stems(request.say))


def fits(wanted: Wanted, call: Called) -> bool:
    """Return whether a call is the one that is wanted."""
    if not re.fullmatch(wanted.tool, call.tool):
        return False
    return all(name in call.arguments and _same(value, call.arguments[name]) for name, value in wanted.with_.items())


def reads(call: Called) -> bool:
    """Return whether the tool that was called changes nothing."""
    return bool(_READING.fullmatch(call.tool))


def _same(wanted: str | float, value: object) -> bool:
    if isinstance(wanted, str):
        return bool(re.search(wanted, str(value), re.IGNORECASE))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value is wanted
    return math.isclose(wanted, value)


def _stems(text: str) -> set[str]:
    words = re.findall(r"[a-z]{4,}", text.lower())
    return {word[:5] for word in words if word not in _COMMON}
