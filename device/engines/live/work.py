"""Work that GPT-Live's model hands over: to a model of the Responses API with our tools, or to us.

*Responses*: the server runs the model and says what it does in nested events. Its calls are run here once its response
is complete (those of one that failed are void); when all have their results, it is asked to go on.
*Client*: we are told that something is to be done, not what: that is in the transcript. Such work is always answered,
at the latest after a while, since the model waits for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, field

from device.conversation.engine import EngineEvent, ReplyEnded, ToolCall, Usage, Working
from device.engines.live.text import pieces
from device.wire import live as wire

if TYPE_CHECKING:
    from device.wire.live import ClientEvent, DelegationInfo, LiveError, Nested, NestedResponse

_log = logging.getLogger(__name__)

LIMIT_MS: Final = 120_000
"""Work of which nothing is heard for so long has come to nothing. A choice: sooner gives up on slow models, later has
the user wait for what never comes."""

UNAIDED: Final = "Nobody can do more about this than you: answer from what you know, or say that you cannot do it."
TOO_LONG: Final = "This took too long, and there is no result. Tell the user so."
RESULT: Final = "The result of what you handed over: "


class _Run(Struct):
    """A piece of work."""

    at_ms: float
    """When something was last heard of it, on the session's clock."""
    client: bool = False
    making: bool = False
    """A response is in the making."""
    calls: list[ToolCall] = field(default_factory=list)
    """Those of the response in the making."""
    waiting: set[str] = field(default_factory=set)
    """The calls that are being run."""
    results: bool = False
    """There are results that it has not gone on with."""
    input_tokens: int = 0
    output_tokens: int = 0


class Work:
    """What is handed over and not done. `tool` gets what is handed to us, as its `request`; nobody does if empty."""

    def __init__(self, tool: str = "") -> None:
        self._tool = tool
        self._runs: dict[str, _Run] = {}
        self._late: set[str] = set()  # work of ours that was given up, and may have a result yet
        self._asked = ""  # event id of a response.create that nothing has come of
        self._at_ms = 0.0
        self._count = 0
        self._out: list[ClientEvent] = []

    def drain(self) -> list[ClientEvent]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = self._out, []
        return out

    def created(self, work: DelegationInfo, request: str) -> list[EngineEvent]:
        """Begin new work; `request` is what the user said of it."""
        if work.target != "client":
            return self._run(work.id)[1]
        if not self._tool:
            self._append(wire.SessionCommentaryAppend, UNAIDED, work.id)
            return []
        begun = self._run(work.id)[1]
        self._runs[work.id].client = True
        arguments = msgspec.json.encode({"request": request}).decode()
        return [*begun, ToolCall(work.id, work.id, self._tool, arguments)]

    def backend(self, event: Nested, work: str | None) -> list[EngineEvent]:
        """Take what the backend said about `work`; some servers leave out which it is: then it is the newest."""
        ours = {"response.created", "response.output_item.done", "response.completed", "error"}
        if event.type not in ours | _FAILED:
            return []
        name = work or next((key for key in reversed(self._runs) if not self._runs[key].client), "")
        run, events = self._run(name)
        item = event.item
        if event.type == "response.created":
            self._asked = ""
            run.making = True
            run.calls.clear()
        elif event.type == "response.output_item.done":
            complete = item is not None and item.type == "function_call" and item.status in {None, "completed"}
            if complete and item is not None and item.call_id and item.name:
                # Not of the spoken reply's: that may be cut off, and the work goes on.
                run.calls.append(ToolCall(item.call_id, item.call_id, item.name, item.arguments or ""))
        elif event.type == "response.completed":
            run.making = False
            _count(run, event.response)
            calls, run.calls = run.calls, []
            run.waiting.update(call.call_id for call in calls)
            events += calls
            if not (run.waiting or run.results):
                events += self._done(name)
            self._go_on()
        else:
            _count(run, event.response)
            events += self._done(name, _why(event))
            self._go_on()
        return events

    def tool_result(self, call_id: str, output: str, *, reply: bool) -> list[EngineEvent]:
        """Return the output of a call."""
        if call_id in self._late or (call_id in self._runs and self._runs[call_id].client):
            self._late.discard(call_id)
            kind = wire.SessionCommentaryAppend if reply else wire.SessionThinkingAppend
            self._append(kind, RESULT + output, call_id)
            return self._done(call_id)
        run = next((run for run in self._runs.values() if call_id in run.waiting), None)
        if run is None:
            _log.info("The result of call %s is of work that is over: dropped", call_id)
            return []
        run.waiting.discard(call_id)
        run.results = True
        run.at_ms = self._at_ms
        item = wire.CallOutput(type="function_call_output", call_id=call_id, output=output)
        self._out.append(wire.ResponseItemCreate(item))
        self._go_on()
        return []

    def refused(self, error: LiveError) -> None:
        """Take an error that answers one of our messages: what could not go on is tried again later."""
        if error.client_event_id and error.client_event_id == self._asked:
            self._asked = ""
            for run in self._runs.values():
                run.results = run.results or not (run.client or run.making or run.waiting)

    def tick(self, at_ms: float) -> list[EngineEvent]:
        """Let time pass, up to `at_ms` of the session's clock: give up what nothing is heard of."""
        self._at_ms = at_ms
        events: list[EngineEvent] = []
        for name, run in list(self._runs.items()):
            if at_ms - run.at_ms < LIMIT_MS or run.waiting:
                continue
            if run.client:
                self._append(wire.SessionCommentaryAppend, TOO_LONG, name)
                self._late.add(name)
            events += self._done(name, "nothing was heard of it any more")
        return events

    def stop(self) -> list[EngineEvent]:
        """Give up all of it: the session is over."""
        return [event for name in list(self._runs) for event in self._done(name, "the session ended")]

    def _run(self, name: str) -> tuple[_Run, list[EngineEvent]]:
        """Return a piece of work, and what is to be told if it is new."""
        run = self._runs.get(name)
        if run is not None:
            run.at_ms = self._at_ms
            return run, []
        first = not self._runs
        run = self._runs[name] = _Run(self._at_ms)
        return run, [Working(on=True)] if first else []

    def _done(self, name: str, why: str = "") -> list[EngineEvent]:
        run = self._runs.pop(name, None)
        if run is None:
            return []
        usage = Usage(input_tokens=run.input_tokens or None, output_tokens=run.output_tokens or None)
        events: list[EngineEvent] = [ReplyEnded(name, "incomplete" if why else "completed", usage, why)]
        return events if self._runs else [*events, Working(on=False)]

    def _go_on(self) -> None:
        """Have the backend go on, once every call has its result and no response is in the making."""
        if self._asked or any(run.making or run.waiting for run in self._runs.values()):
            return
        if any(run.results for run in self._runs.values()):
            for run in self._runs.values():
                run.results = False
            self._count += 1
            self._asked = f"create_{self._count}"
            self._out.append(wire.ResponseCreate(event_id=self._asked))

    def _append(
        self, kind: type[wire.SessionCommentaryAppend | wire.SessionThinkingAppend], text: str, work: str
    ) -> None:
        self._out += [kind(content=piece, delegation_id=work) for piece in pieces(text)]


_FAILED: Final = frozenset({"response.failed", "response.incomplete", "response.cancelled"})


def _count(run: _Run, response: NestedResponse | None) -> None:
    if response is not None and response.usage is not None:
        run.input_tokens += response.usage.input_tokens or 0
        run.output_tokens += response.usage.output_tokens or 0


def _why(event: Nested) -> str:
    response = event.response
    if response is not None and response.error is not None:
        return response.error.message or response.error.code or event.type
    if response is not None and response.incomplete_details is not None:
        return response.incomplete_details.reason or event.type
    return event.type
