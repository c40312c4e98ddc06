"""The cost and privacy ledger: what left the device and what it cost, by day and engine; and the day's budget.

`Costs` watches the ledger's entries. No words are in its file, and no times but the day.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from device.conversation import entries
from device.conversation.states import State
from device.records.store import Store, StoreError, read, readable, remove, work
from device.sample_clock import CLOCK_RATE
from device.settings.prices import Amounts, Price, cost
from device.system import wall_clock
from device.system.paths import find, state_dir
from device.system.typed import typed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from device.conversation.entries import Entry

log = logging.getLogger(__name__)

FILE = "costs.sqlite"
_AMOUNTS = Amounts.__struct_fields__
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS day (
    day TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    {", ".join(f"{name} NUMERIC NOT NULL" for name in _AMOUNTS)},
    PRIMARY KEY (day, engine, model)
) WITHOUT ROWID;
"""
_ADD = (
    f"INSERT INTO day VALUES (?, ?, ?{', ?' * len(_AMOUNTS)}) ON CONFLICT DO UPDATE SET "  # noqa: S608 - fixed names
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _AMOUNTS)
)
_OVER = (State.ASLEEP, State.MUTED, State.FAULT)
_USED = set(_AMOUNTS) & set(entries.ReplyEnd.__struct_fields__)
"""What engines say of a reply's cost."""


class Spent(Struct, frozen=True, kw_only=True):
    """What one engine was sent and cost on one day."""

    day: str
    """YYYY-MM-DD, in the device's time zone."""
    engine: str
    model: str
    amounts: Amounts
    cost: float | None
    """US dollars, at the most; None if the price is not known."""


class Costs:
    """Counts what engines cost; `take` is to be called with each entry of the ledger.

    `models` has the model of each engine by its name, `prices` the price of each model, or engine without one.
    `sent_s` tells how much audio was sent so far, in seconds. With `keep_days` 0 it is counted and not written.
    """

    def __init__(
        self,
        models: Mapping[str, str],
        prices: Mapping[str, Price],
        sent_s: Callable[[], float],
        *,
        budget_per_day: float = 0.0,
        keep_days: int = 366,
        path: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        path = path or state_dir() / FILE
        self._models = dict(models)
        self._prices = prices
        self._sent_s = sent_s
        self._budget = budget_per_day
        self._now = now
        self._store: Store | None = None
        self._path: Path | None = None
        self._day = self._date()
        self._pages: dict[str, dict[str, Amounts]] = {self._day: {}}
        self._engine = ""
        self._open_at: int | None = None  # up to where the present session was counted
        self._sent = 0.0  # likewise what was sent
        if keep_days:
            self._path = path
            self._remember()
            self._store = Store(path, SCHEMA, daily=lambda database: _purge(database, keep_days))
        else:
            remove(path)
        if budget_per_day:
            self._warn()

    @property
    def spent_today(self) -> float:
        """US dollars since midnight, as far as prices are known."""
        self._turn_page()
        costs = (cost(amounts, price) for name, amounts in self._today.items() if (price := self._price(name)))
        return sum(costs)

    def over_budget(self, engine: str) -> bool:
        """Return whether the day's budget is used up and `engine` costs anything."""
        price = self._price(engine)
        return bool(self._budget and price is not None and not price.free and self.spent_today >= self._budget)

    def take(self, entry: Entry) -> None:
        """Note what happened."""
        match entry:
            case entries.StateEntered(state=state) if state in _OVER:
                self._count(entry.at, Amounts())
                self._open_at = None
            case entries.EngineError():
                self._count(entry.at, Amounts())
                self._open_at = None
            case entries.SessionOpen() | entries.SessionSwitch():
                self._count(entry.at, Amounts())
                self._engine, self._open_at = entry.engine, entry.at
            case entries.ReplyEnd():
                used = {name: value for name in _USED if (value := getattr(entry, name))}
                self._count(entry.at, Amounts(replies=1, **used))

    def close(self) -> None:
        """Write what is left; harmless when repeated."""
        self._count(None, Amounts())
        if self._store is not None:
            self._store.close()

    def _count(self, at: int | None, more: Amounts) -> None:
        """Add what was used since the last time."""
        sent, self._sent = self._sent_s() - self._sent, self._sent_s()
        session = 0.0
        if self._open_at is not None and at is not None:
            session = max(0, at - self._open_at) / CLOCK_RATE
            self._open_at = max(at, self._open_at)
        more += Amounts(sent_s=round(sent, 3), session_s=round(session, 3))
        if more == Amounts() or not self._engine:
            return
        self._turn_page()
        self._today[self._engine] = self._today.get(self._engine, Amounts()) + more
        if self._store is not None:
            model = self._models.get(self._engine, "")
            self._store.put(_ADD, self._day, self._engine, model, *msgspec.structs.astuple(more))

    def _price(self, engine: str) -> Price | None:
        return price_of(self._prices, engine, self._models.get(engine, ""))

    def _date(self) -> str:
        return self._now().date().isoformat()

    def _turn_page(self) -> None:
        """Go by another day. It may be one from before: the clock of a Pi is set while it runs."""
        if (day := self._date()) != self._day:
            self._day = day
            if day not in self._pages:
                self._pages[day] = {}
                self._remember()

    @property
    def _today(self) -> dict[str, Amounts]:
        return self._pages[self._day]

    def _remember(self) -> None:
        """Count what was spent earlier today, before this process."""
        if self._path is None:
            return
        try:
            rows = read(self._path, "SELECT * FROM day WHERE day = ?", self._day)
        except StoreError as error:
            log.warning("%s", error)
            return
        for engine, amounts in readable(self._path, rows, lambda row: (row["engine"], _amounts(row))):
            self._today[engine] = self._today.get(engine, Amounts()) + amounts

    def _warn(self) -> None:
        """Name the engines that the budget cannot know of."""
        if unknown := [name for name in self._models if self._price(name) is None]:
            log.warning(
                'ledger.budget_per_day cannot count what has no price: %s. Add [prices."MODEL"] to the settings.',
                ", ".join(self._models[name] or name for name in unknown),
            )


def price_of(prices: Mapping[str, Price], engine: str, model: str) -> Price | None:
    """Return the price of a model, or of an engine by its name; None if it is not known."""
    return prices.get(model) or prices.get(engine)


def spent(
    prices: Mapping[str, Price], days: int, *, path: Path | None = None, now: datetime | None = None
) -> list[Spent]:
    """Return what was spent on the last `days` days, today included, the latest day first. Raises StoreError."""
    first = (now or datetime.now().astimezone()).date() - timedelta(days=days - 1)
    path = path or find(FILE)
    rows = read(path, "SELECT * FROM day WHERE day >= ? ORDER BY day DESC, engine, model", first.isoformat())
    return readable(path, rows, lambda row: _spent(row, prices))


def purge(keep_days: int, path: Path | None = None, *, trust: bool = False) -> int:
    """Delete what is older; return how many rows that were. Raises StoreError.

    `trust` believes the clock of this machine, however it looks.
    """
    return work(path or find(FILE), SCHEMA, lambda database: _purge(database, keep_days, trust=trust))


def _purge(database: sqlite3.Connection, keep_days: int, *, trust: bool = False) -> int:
    if not keep_days:
        return database.execute("DELETE FROM day").rowcount
    days = [found for (day,) in database.execute("SELECT DISTINCT day FROM day") if (found := _day(day))]
    now = time.time()
    if not trust and not wall_clock.plausible([day.timestamp() for day in days], now):
        log.warning(wall_clock.DOUBT, "the ledger's days", typed("transcripts purge --trust-clock"))
        return 0
    oldest = datetime.fromtimestamp(now).astimezone().date() - timedelta(days=keep_days)
    return database.execute("DELETE FROM day WHERE day < ?", (oldest.isoformat(),)).rowcount


def _spent(row: Any, prices: Mapping[str, Price]) -> Spent:
    price, amounts = price_of(prices, row["engine"], row["model"]), _amounts(row)
    charged = None if price is None else cost(amounts, price)
    return Spent(day=row["day"], engine=row["engine"], model=row["model"], amounts=amounts, cost=charged)


def _amounts(row: Any) -> Amounts:
    return msgspec.convert({name: row[name] for name in _AMOUNTS}, Amounts)


def _day(text: object) -> datetime | None:
    """Return the beginning of a day; None if that is none, because the row is damaged."""
    try:
        return datetime.fromisoformat(str(text)).astimezone()
    except (ValueError, OverflowError):
        return None
