"""What is asked for at the door in the first steps, done: one request, one reply."""

from __future__ import annotations

import asyncio
import io
import wave
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, get_args

import msgspec
import numpy as np
from msgspec.structs import replace

from device.audio.card import kernel
from device.daemon import helper
from device.daemon.announcer import CannotSay
from device.daemon.reader import Speech
from device.daemon.steps import engine, progress
from device.daemon.steps.choices import engine_choices, language_choices, wake_word_choices
from device.daemon.steps.fetching import Fetches
from device.daemon.steps.sound import SoundTrial
from device.door import first_steps as m
from device.door import messages as door
from device.door.base import Reply, Request
from device.door.server import Peer, Refusal
from device.panel.lights import PATTERNS
from device.settings.change import ChangeError, file_for
from device.settings.loading import SettingsError, able, read
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from device.daemon.aside import Aside
    from device.daemon.controls import Controls
    from device.daemon.daemon import Daemon
    from device.settings.last_good import InForce
    from device.settings.tree import Settings

Answer = TypeVar("Answer", bound="Reply")

VOICE_S: Final = 60.0
"""How long a voice may take to be loaded and to say a sentence: a choice; on a slow card it takes ten."""
ENGINE_S: Final = 150.0
"""How long the conversation with an engine may take: it ends by itself before, `doctor.engine.ANSWER_S` a step."""
LIGHTS: Final = ("connecting", "listening", "thinking", "speaking", "overlap", "muted", "fault", "ringing", "updating")
"""What is shown in turn where the lights are tried: all that a person meets. Asleep is dark."""


class Lights(Protocol):
    """The panel's lights."""

    @property
    def has_lights(self) -> bool:
        """Whether there are any."""

    def show(self, scene: str, seconds: float) -> None:
        """Show a scene for so long."""


class StepAnswers:
    """Answers requests; `config` is the settings file, if one was named, and `folder` keeps how far the steps are.

    `aside` does what reads or writes files beside the daemon's loop.
    """

    def __init__(
        self,
        daemon: Daemon,
        controls: Controls,
        found: InForce,
        *,
        config: Path | None,
        folder: Path,
        lights: Lights | None,
        aside: Aside,
    ) -> None:
        self._daemon, self._controls, self._lights = daemon, controls, lights
        self._found, self._config, self._folder, self._aside = found, config, folder, aside
        self._sound = SoundTrial(daemon, found.settings.listen.echo_tail_ms)
        self._fetches = Fetches(found.settings.models_dir)
        self._busy: set[str] = set()

    @property
    def answers(self) -> dict[type[Request], Callable[[Request, Peer], Awaitable[Reply]]]:
        """What is answered, and by what."""
        return dict.fromkeys(get_args(m.AnyStepRequest), self.answer)

    async def close(self) -> None:
        """End what goes on; harmless when repeated."""
        await self._fetches.close()

    async def answer(self, request: Request, peer: Peer) -> Reply:
        """Do what a request asks for. Raises Refusal."""
        return await self._do(request, peer)

    @singledispatchmethod
    async def _do(self, request: Request, _: Peer) -> Reply:
        raise NotImplementedError(f"nobody answers {type(request).__name__}")

    def _settings(self) -> Settings:
        """Return what the files say now. Raises Refusal."""
        try:
            return read(self._config).settings
        except SettingsError as error:
            raise Refusal("failed", str(error), "correct the file, then try again") from None

    async def _help(self, module: str, request: Request, kind: type[Answer], timeout_s: float) -> Answer:
        """Have a process of its own answer, one of its kind at a time. Raises Refusal."""
        if module in self._busy:
            raise Refusal("too_many", "another one is tried at the moment", "wait for it")
        self._busy.add(module)
        try:
            command = helper.module(module, *([str(self._config)] if self._config else []))
            out = await helper.ask(command, msgspec.json.encode(request), timeout_s=timeout_s)
            return msgspec.json.decode(out, type=kind)
        except helper.HelperError as error:
            raise Refusal("failed", str(error) or "it ended without a word") from None
        except msgspec.DecodeError:
            raise Refusal("failed", "what came is no answer", f"`{typed('doctor')}` may know more") from None
        finally:
            self._busy.discard(module)

    # What there is to choose from

    @_do.register
    async def _(self, _request: m.GetChoices, _: Peer) -> Reply:
        return await self._aside.do(self._choices)

    def _choices(self) -> m.ChoicesAre:
        settings, file = self._settings(), file_for(self._config)
        return m.ChoicesAre(
            tuple(language_choices(settings, file)),
            tuple(wake_word_choices(settings)),
            tuple(engine_choices(settings)),
        )

    @_do.register
    async def _(self, request: m.FetchFiles, _: Peer) -> Reply:
        await self._fetches.fetch(request.name)
        return door.Done()

    @_do.register
    async def _(self, _request: m.GetFetch, _: Peer) -> Reply:
        return self._fetches.now

    @_do.register
    async def _(self, request: m.GetVoices, _: Peer) -> Reply:
        return await self._help("device.local.audition", request, m.VoicesAre, VOICE_S)

    @_do.register
    async def _(self, request: m.HearVoice, _: Peer) -> Reply:
        heard = await self._help("device.local.audition", request, m.VoiceHeard, VOICE_S)
        if not request.aloud:
            return heard
        try:
            await self._daemon.announcer.give(_speech(heard.wav), heard.text)
        except CannotSay as error:
            raise Refusal("failed", str(error)) from None
        return replace(heard, wav=b"")

    # Engines

    @_do.register
    async def _(self, request: m.TryEngine, _: Peer) -> Reply:
        return await self._help("device.doctor.trial", request, m.EngineTried, ENGINE_S)

    @_do.register
    async def _(self, request: m.UseEngine, peer: Peer) -> Reply:
        try:
            file = await self._aside.do(engine.use, request, owner=peer.owner, config=self._config)
        except engine.WrongServer as error:
            raise Refusal("changed", str(error), "look at it again, and then try it again") from None
        except ChangeError as error:
            raise Refusal("invalid", str(error)) from None
        return m.EngineUsed(str(file))

    # Sound

    @_do.register
    async def _(self, _request: m.GetCards, _: Peer) -> Reply:
        return await self._aside.do(self._cards)

    def _cards(self) -> m.CardsAre:
        card, known = self._settings().card, kernel.cards()
        usual = m.CardChoice("default", usual=True)
        return m.CardsAre(
            (usual, *(m.CardChoice(one.id, one.name, one.inputs) for one in known if one.inputs)),
            (usual, *(m.CardChoice(one.id, one.name) for one in known if one.outputs)),
            card.input,
            card.output,
            card.channel,
            self._daemon.card.name,
        )

    @_do.register
    async def _(self, _request: m.CheckSound, _: Peer) -> Reply:
        return await self._sound.check()

    # The panel

    @_do.register
    async def _(self, request: m.ShowLight, _: Peer) -> Reply:
        if self._lights is None or not self._lights.has_lights:
            raise Refusal("impossible", "there are no lights", "[panel] in the settings says which there are")
        if request.light not in PATTERNS:
            raise Refusal("unknown", f"there is no light {request.light!r}", f"there are {', '.join(PATTERNS)}")
        self._lights.show(request.light, request.seconds)
        return door.Done()

    @_do.register
    async def _(self, request: m.AwaitButton, _: Peer) -> Reply:
        if self._found.settings.panel.button_pin < 0:
            raise Refusal("impossible", "there is no button", "panel.button_pin in the settings says where one is")
        if self._controls.pressed is not None:
            raise Refusal("too_many", "the button is tried already", "wait for it")
        pressed = asyncio.Event()
        self._controls.pressed = pressed.set
        try:
            async with asyncio.timeout(request.seconds):
                await pressed.wait()
        except TimeoutError:
            raise Refusal("failed", "nobody pressed the button", "see to its wires and to panel.button_pin") from None
        finally:
            self._controls.pressed = None
        return door.Done()

    # How far it is

    @_do.register
    async def _(self, _request: m.GetSteps, _: Peer) -> Reply:
        return await self._aside.do(self._steps)

    @_do.register
    async def _(self, request: m.NoteStep, _: Peer) -> Reply:
        return await self._aside.do(self._note, lambda now: now.noted(request.step, skipped=request.skipped))

    @_do.register
    async def _(self, _request: m.EndSteps, _: Peer) -> Reply:
        return await self._aside.do(self._note, lambda now: replace(now, over=True))

    def _note(self, change: Callable[[progress.Progress], progress.Progress]) -> m.StepsAre:
        try:
            progress.keep(self._folder, change(progress.recall(self._folder) or progress.Progress()))
        except OSError as error:
            raise Refusal("failed", f"it cannot be kept: {error.strerror}") from None
        return self._steps()

    def _steps(self) -> m.StepsAre:
        now, restart, set_up = progress.recall(self._folder), False, True
        try:
            loaded = read(self._config)
            restart = able(loaded.settings)[0] != self._found.settings
            set_up = bool(loaded.table)
        except SettingsError:  # which only somebody can have done who has set it up
            pass
        return m.StepsAre(
            not set_up if now is None else not now.over,
            now.done if now else (),
            now.skipped if now else (),
            LIGHTS if self._lights is not None and self._lights.has_lights else (),
            self._found.settings.panel.button_pin >= 0,
            restart,
        )


def _speech(heard: bytes) -> Speech:
    """Return the speech in a WAV file of one's own making."""
    with wave.open(io.BytesIO(heard), "rb") as file:
        return Speech(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16), file.getframerate())
