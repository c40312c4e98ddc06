"""How the daemon does, in numbers: counted as it happens, and told at the door to whoever asks."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from importlib import metadata
from typing import TYPE_CHECKING

from device.conversation import entries
from device.door.figures import RESPONSE_S, SILENCE_S, Cuts, FiguresAre, GetFigures, Spread
from device.records.response import Response
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.conversation.entries import Entry
    from device.daemon.daemon import Daemon
    from device.daemon.upkeep.answers import Answer
    from device.door.messages import Request, Snapshot
    from device.door.server import Peer

NOBODY = ("", "a question by text")
"""Why a reply was cut off, as the ledger has it, if neither a voice nor the engine did it."""


class Figures:
    """Counts what happens to `daemon` by the entries of its ledger; `now` tells the state of everything.

    `settings_serial` says which settings of a fleet are in force.

    Answers what `answers` lists.
    """

    def __init__(
        self,
        daemon: Daemon,
        now: Callable[[], Snapshot],
        settings_serial: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._daemon, self._now, self._clock = daemon, now, clock
        self._settings_serial = settings_serial
        self._began = clock()
        self._response = Response()
        self._took, self._silent = _Spread(RESPONSE_S), _Spread(SILENCE_S)
        self._counts: Counter[str] = Counter()
        self._sessions: Counter[str] = Counter()
        self._card = True
        self._onset: int | None = None
        self._cut_from: int | None = None  # the onset of the voice that cuts a reply off
        self._failed = False  # the session of this conversation
        self.answers: dict[type[Request], Answer] = {GetFigures: self._answer}

    def take(self, entry: Entry) -> None:
        """Take an entry of the ledger."""
        if times := self._response.take(entry):
            self._took.add(times["reply_first_audio"] / 1000)
        counts = self._counts
        match entry:
            case entries.Wake():
                counts["wakes"] += 1
            case entries.VoiceStart(at=at):
                self._onset = at
            case entries.Cut(why=why):
                kind = "other" if why in NOBODY else "engine" if why == "the engine" else "voice"
                counts[f"cut by {kind}"] += 1
                self._cut_from = self._onset if kind == "voice" else None
            case entries.Silence(at=at) if self._cut_from is not None:
                self._silent.add((at - self._cut_from) / CLOCK_RATE)
                self._cut_from = None
            case entries.Restore():
                counts["restores"] += 1
            case entries.Starved():
                counts["starved"] += 1
            case entries.CardLost() | entries.CardBack():
                self._card = isinstance(entry, entries.CardBack)
                counts["cards lost"] += not self._card
            case _:
                self._take_of_engine(entry)

    def _take_of_engine(self, entry: Entry) -> None:
        counts = self._counts
        match entry:
            case entries.SessionOpen(engine=engine):
                self._sessions[engine] += 1
                counts["reconnects"] += self._failed
                self._failed = False
            case entries.SessionSwitch(engine=engine):
                self._sessions[engine] += 1
                counts["handovers"] += 1
            case entries.EngineError() | entries.EngineUnable():
                counts["errors"] += 1
                self._failed = True
            case entries.StateEntered(state="asleep" | "muted" | "fault"):
                self._failed = False
            case _:
                pass

    def now(self) -> FiguresAre:
        """Return how it does."""
        daemon, counts, now = self._daemon, self._counts, self._now()
        card = daemon.card
        return FiguresAre(
            version=metadata.version("parley"),
            up_s=round(self._clock() - self._began, 1),
            wakes=counts["wakes"],
            turns=sum(self._took.counts),
            response=self._took.told,
            cuts=Cuts(counts["cut by voice"], counts["cut by engine"], counts["cut by other"]),
            silence=self._silent.told,
            restores=counts["restores"],
            own_voice=daemon.conversation.mistakes,
            hears_itself=daemon.conversation.by_hand,
            sessions=dict(self._sessions),
            reconnects=counts["reconnects"],
            handovers=counts["handovers"],
            engine_errors=counts["errors"],
            cost_today=now.cost.today,
            budget=now.cost.budget,
            card=self._card,
            cards_lost=counts["cards lost"],
            buffer_s=round(card.output_latency / card.rate, 4),
            starved=counts["starved"],
            overruns=card.xruns.overruns,
            underruns=card.xruns.underruns,
            lost_s=round(daemon.capture.lost / card.rate, 3),
            muted=now.muted.on,
            settings_serial=self._settings_serial,
            faults=tuple(sorted({fault.code for fault in now.faults.faults})),
        )

    async def _answer(self, _request: Request, _peer: Peer) -> FiguresAre:
        return self.now()


class _Spread:
    """How often something took how long, by bounds in seconds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    @property
    def told(self) -> Spread:
        return Spread(tuple(self.counts), round(self._total, 3))
