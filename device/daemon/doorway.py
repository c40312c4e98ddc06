"""The daemon at its door: the server, with what it tells and what it does when it is asked."""

from __future__ import annotations

import asyncio
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from device.daemon.aside import Aside
from device.daemon.figures import Figures
from device.daemon.news import News
from device.daemon.requests import Requests
from device.daemon.steps.answers import StepAnswers
from device.daemon.upkeep.answers import Upkeep
from device.daemon.upkeep.last_conversation import LastConversation
from device.daemon.upkeep.records import Records
from device.door.codes import PageCodes
from device.door.messages import About, Fault
from device.door.server import Refusal, Server
from device.language.language import LanguageError, load_language
from device.language.phrases import Phrases
from device.system.recent_log import RecentLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.daemon.controls import Controls
    from device.daemon.daemon import Daemon
    from device.daemon.steps.answers import Lights
    from device.records.costs import Costs
    from device.records.ledger import Ledger
    from device.settings.last_good import InForce
    from device.settings.tree import Settings


class Doorway:
    """A door at `path` to a daemon that has been started; see `Requests`, `Upkeep` and `News` for the rest."""

    def __init__(
        self,
        path: Path,
        daemon: Daemon,
        controls: Controls,
        ledger: Ledger,
        found: InForce,
        *,
        costs: Costs,
        config: Path | None = None,
        broken: Iterable[str] = (),
        asking: Callable[[], bool] = lambda: False,
        recent: RecentLog | None = None,
        restart: Callable[[], None],
        lights: Lights | None = None,
    ) -> None:
        settings = found.settings
        self._daemon = daemon
        faults = [Fault("settings", found.fault)] if found.fault else []
        faults += [Fault("engine", why) for why in found.passed_over]
        faults += [Fault("panel", why) for why in broken]
        codes = PageCodes()
        self.news = News(
            daemon,
            controls,
            about=about(settings, daemon.card.name),
            engines=settings.engines,
            costs=costs,
            codes=codes,
            budget=settings.ledger.budget_per_day,
            broken=faults,
            asking=asking,
        )
        figures = Figures(daemon, self.news.now, settings.fleet.serial)
        aside, last = Aside(), LastConversation()
        self._upkeep = Upkeep(found, recent or RecentLog(), last, aside, config=config, reset=controls.reset)
        self._steps = steps = StepAnswers(
            daemon, controls, found, config=config, folder=path.parent, lights=lights, aside=aside
        )
        self.requests = Requests(
            daemon,
            self.news,
            codes,
            ledger,
            found,
            config=config,
            spoken_code=lambda code: spoken(code, settings.language),
            blink=controls.code.tell,
            restart=restart,
            aside=aside,
            others={
                **Records(settings, aside).answers,
                **self._upkeep.answers,
                **steps.answers,
                **figures.answers,
            },
        )
        loop = asyncio.get_running_loop()
        self._server = Server(
            path,
            self.requests.answer,
            self.news.now,
            version=metadata.version("parley"),
            attend=lambda topics: self.news.attend(topics, loop),
        )
        self.news.publish = self._server.publish
        ledger.watch(self.news.take)
        ledger.watch(last.take)
        ledger.watch(figures.take)
        daemon.watch(self.news)

    async def open(self) -> None:
        """Let others in; if that is not possible, the log says so, and all else goes on."""
        await self._server.open()

    async def close(self) -> None:
        """Let nobody in any more; harmless when repeated."""
        await self._server.close()
        await self._upkeep.close()
        await self._steps.close()

    def speak_code(self) -> None:
        """Say a new code for the owner's page aloud, because somebody beside the device wants it."""
        try:
            self.requests.speak_code(self.requests.new_code())
        except Refusal:
            self._daemon.earcons.play("error")


def about(settings: Settings, card: str) -> About:
    """Return which assistant this is, on a card of that name."""
    return About(
        settings.name,
        metadata.version("parley"),
        settings.language,
        Path(settings.profile).stem,
        settings.wake.phrases,
        card,
        settings.panel.button_pin >= 0,
    )


def spoken(code: str, language: str) -> str:
    """Return what is said to tell a code, digit by digit and twice; in English where the language has no words."""
    try:
        known = load_language(language)
    except LanguageError:
        known = load_language("en")
    return Phrases(known, "").phrase("page_code", code=", ".join(code))
