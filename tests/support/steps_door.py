"""A door whose first steps are real but for what needs a card: of that the test says what is found."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from support.owner_door import OwnerDoor

from device.daemon.aside import Aside
from device.daemon.steps.answers import StepAnswers
from device.door.first_steps import CardChoice, CardsAre, GetCards, HearVoice, SoundIs
from device.settings.last_good import InForce
from device.settings.loading import read

if TYPE_CHECKING:
    from device.door.base import Reply, Request
    from device.door.server import Peer, Server

CARDS = CardsAre(
    (CardChoice("default", usual=True), CardChoice("Device", "USB Speakerphone", 2)),
    (CardChoice("default", usual=True), CardChoice("Device", "USB Speakerphone")),
    "default",
    "default",
    1,
    "USB Speakerphone",
)
SOUND = SoundIs(-62.0, 0.11, -20.0, -27.4, 63.0, 24.5)


class StepsDoor(OwnerDoor):
    """Answers what is in `given` with that, an Exception by raising it; all else as the daemon does."""

    server: Server

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.given: dict[type[Request], Reply | Exception] = {GetCards: CARDS}
        self.lights = SimpleNamespace(has_lights=False, shown=[], show=self._show)
        self.controls = SimpleNamespace(pressed=None)
        self.asked: list[Request] = []
        self.spoken: list[str] = []
        self.slow = asyncio.Event()
        """Set: what is given is answered at once."""
        self.slow.set()

    def _show(self, scene: str, seconds: float) -> None:
        self.lights.shown.append(scene)

    async def open(self) -> None:
        """Listen, with the settings that the file has now in force."""

        async def give(_: object, text: str) -> bool:
            self.spoken.append(text)
            return True

        daemon: Any = SimpleNamespace(announcer=SimpleNamespace(give=give), card=SimpleNamespace(name="Room"))
        answers = StepAnswers(
            daemon,
            self.controls,  # type: ignore[arg-type]  # as much of them as is asked for
            InForce(read(self.config)),
            config=self.config,
            folder=self.path.parent / "steps",
            lights=self.lights,
            aside=Aside(),
        )

        async def answer(request: Request, peer: Peer) -> Reply:
            self.asked.append(request)
            given = self.given.get(type(request))
            if isinstance(request, HearVoice) and given is not None:
                self.spoken.append(request.voice)
            if given is None:
                return await answers.answer(request, peer)
            await self.slow.wait()
            if isinstance(given, Exception):
                raise given
            return given

        self.others = dict.fromkeys(answers.answers, answer)
        await super().open()
