"""What is kept on the device, told by its door: transcripts to be read, exported and deleted, and what engines cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from device.door import messages as m
from device.door import upkeep as u
from device.door.server import Peer, Refusal
from device.records import costs, transcripts
from device.records.exported import exported
from device.records.store import StoreError
from device.settings.prices import prices
from device.system.harmless import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    from device.daemon.aside import Aside
    from device.daemon.upkeep.answers import Answer
    from device.settings.tree import Settings

    P = ParamSpec("P")
    R = TypeVar("R")

LONGEST_SAID: Final = 20_000
"""Characters of each line of a transcript that are told; a choice: more is a fault or an attack, and no words."""


class Records:
    """Answers what `answers` lists."""

    def __init__(self, settings: Settings, aside: Aside) -> None:
        self._settings, self._aside = settings, aside
        self.answers: dict[type[m.Request], Answer] = {
            m.GetTranscripts: self._transcripts,
            m.DeleteTranscripts: self._delete,
            m.GetCosts: self._costs,
            u.ExportTranscripts: self._export,
        }

    async def _done(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what comes of work on what is kept. Raises Refusal."""
        try:
            return await self._aside.do(work, *args, **kwargs)
        except StoreError as error:
            raise Refusal("failed", str(error)) from None

    async def _transcripts(self, request: m.GetTranscripts, _: Peer) -> m.Reply:
        found, more = await self._done(transcripts.page, request.most, search=request.search, before=request.before)
        return m.TranscriptsAre(tuple(map(_transcript, found)), more)

    async def _delete(self, request: m.DeleteTranscripts, _: Peer) -> m.Reply:
        if request.all is bool(request.ids):
            raise Refusal("invalid", "it must be said which conversations", "give ids, or all alone")
        return m.Deleted(await self._done(transcripts.delete, None if request.all else list(request.ids)))

    async def _costs(self, request: m.GetCosts, _: Peer) -> m.Reply:
        spent = await self._done(costs.spent, prices(self._settings.prices), request.days)
        return m.CostsAre(tuple(map(_day, spent)), self._settings.ledger.budget_per_day)

    async def _export(self, request: u.ExportTranscripts, _: Peer) -> m.Reply:
        return await self._done(_exported, request)


def _exported(request: u.ExportTranscripts) -> u.Exported:
    found, more = transcripts.page(request.most, before=request.before)
    while more and not found:  # all of them are damaged, and left out
        found, more = transcripts.page(request.most, before=more)
    text = exported([_cut(one) for one in found], request.kind, first=not request.before, last=not more)
    return u.Exported(plain(text), more)


def _cut(one: transcripts.Transcript) -> transcripts.Transcript:
    """Return a transcript of which no text is longer than words are."""
    lines = [
        msgspec.structs.replace(
            said,
            text=said.text[:LONGEST_SAID],
            unheard=said.unheard[:LONGEST_SAID],
            arguments=said.arguments[:LONGEST_SAID],
        )
        for said in one.lines
    ]
    result = one.result if len(msgspec.json.encode(one.result)) <= LONGEST_SAID else None
    return msgspec.structs.replace(one, lines=lines, result=result)


def _transcript(found: transcripts.Transcript) -> m.Transcript:
    cut = _cut(found)
    lines = tuple(m.Line(one.at_ms, one.kind, one.text, one.unheard, one.arguments) for one in cut.lines)
    return m.Transcript(
        cut.id, cut.began.isoformat(), cut.length_ms, cut.why, cut.profile, lines, cut != found, cut.result
    )


def _day(spent: costs.Spent) -> m.Day:
    used = spent.amounts
    return m.Day(
        spent.day,
        spent.engine,
        spent.model,
        used.replies,
        used.sent_s,
        used.session_s,
        used.input_tokens,
        used.output_tokens,
        spent.cost,
    )
