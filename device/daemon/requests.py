"""What is asked for at the door, done: one request, one reply."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final

from device.conversation.events import Asked, Button
from device.conversation.states import State
from device.daemon.announcer import CannotSay
from device.daemon.answer import Awaited
from device.daemon.aside import Aside
from device.daemon.profiles import Profiles
from device.door import messages as m
from device.door.codes import Refused
from device.door.profiles import AnyProfileRequest
from device.door.server import Peer, Refusal
from device.language.explained import explanations
from device.language.files import base
from device.settings.change import ChangeError, StaleError, change, file_for, said
from device.settings.described import changed, described
from device.settings.loading import SettingsError, able, read
from device.system.typed import of_service, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from device.daemon.daemon import Daemon
    from device.daemon.news import News
    from device.daemon.upkeep.answers import Answer
    from device.door.codes import PageCodes
    from device.records.ledger import Ledger
    from device.settings.last_good import InForce

ANSWER_S: Final = 120.0
"""How long the answer to a question by text may take, with all that the engine does for it. A choice."""


class Requests:
    """Answers requests; `config` is the settings file, if one was named, and `restart` starts Parley anew.

    `blink` has the lights tell digits. `others` answer what is not the conversation's, the settings' or the code's.
    """

    def __init__(
        self,
        daemon: Daemon,
        news: News,
        codes: PageCodes,
        ledger: Ledger,
        found: InForce,
        *,
        config: Path | None = None,
        spoken_code: Callable[[str], str] = lambda code: code,
        blink: Callable[[str], None] = lambda _: None,
        restart: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGTERM),
        aside: Aside | None = None,
        others: Mapping[type[m.Request], Answer] | None = None,
    ) -> None:
        self._daemon, self._news, self._codes, self._ledger = daemon, news, codes, ledger
        self._found, self._config = found, config
        self._spoken_code, self._blink, self._restart = spoken_code, blink, restart
        self._asking = False
        self._profiles = Profiles(config)
        self._aside = aside or Aside()
        self._others = others or {}

    async def answer(self, request: m.Request, peer: Peer) -> m.Reply:
        """Do what a request asks for. Raises Refusal."""
        other = self._others.get(type(request))
        return await (other(request, peer) if other else self._do(request, peer))

    @singledispatchmethod
    async def _do(self, request: m.Request, _: Peer) -> m.Reply:
        raise NotImplementedError(f"nobody answers {type(request).__name__}")

    # The conversation

    @_do.register
    async def _(self, _request: m.GetStatus, _: Peer) -> m.Reply:
        return m.Status(self._news.now())

    @_do.register
    async def _(self, _request: m.Wake, _: Peer) -> m.Reply:
        daemon = self._daemon
        if daemon.mute.on:
            raise Refusal("impossible", "the microphone is muted", f"unmute it: `{typed('unmute', root=True)}`")
        if daemon.ringing or daemon.conversation.repeating:
            daemon.on(Button(daemon.position))
        if daemon.conversation.closed or daemon.conversation.state in (
            State.ASLEEP,
            State.FAULT,
            State.SPEAKING,
            State.OVERLAP,
        ):
            daemon.on(Button(daemon.position))
        return m.Done()

    @_do.register
    async def _(self, _request: m.Stop, _: Peer) -> m.Reply:
        daemon = self._daemon
        idle = daemon.conversation.state in (State.ASLEEP, State.FAULT, State.MUTED)
        if daemon.ringing or daemon.conversation.repeating or not idle:
            daemon.on(Button(daemon.position))
        return m.Done()

    @_do.register
    async def _(self, _request: m.Repeat, _: Peer) -> m.Reply:
        if not self._daemon.can_repeat:
            raise Refusal("impossible", "there was no reply yet", "ask something first")
        self._daemon.repeat()
        return m.Done()

    @_do.register
    async def _(self, request: m.Say, _: Peer) -> m.Reply:
        if request.digits:
            self._blink(request.digits)
        saying = self._daemon.spawn(self._say(request.text))
        if not request.wait:
            return m.Said(whole=False)
        said = await asyncio.shield(saying)  # it is said also if whoever asked for it has gone
        if isinstance(said, CannotSay):
            raise Refusal("failed", str(said))
        return m.Said(said)

    async def _say(self, text: str, *, shown: bool = True) -> bool | CannotSay:
        """Have a text said; return whether all of it was heard, or why it is not said."""
        try:
            return await self._daemon.announcer.say(text, shown=shown)
        except CannotSay as error:
            return error

    @_do.register
    async def _(self, request: m.Ask, _: Peer) -> m.Reply:
        daemon = self._daemon
        if daemon.mute.on:
            raise Refusal("impossible", "the microphone is muted", f"unmute it: `{typed('unmute', root=True)}`")
        if self._asking:
            raise Refusal("too_many", "another question by text waits for its answer", "wait for it")
        self._asking = True
        awaited = Awaited()
        self._ledger.watch(awaited.take)
        try:
            daemon.on(Asked(daemon.position, request.text))
            if daemon.conversation.state is State.FAULT:  # it was one before, and nothing was begun
                raise Refusal("failed", awaited.wrong or "no engine can be asked", f"`{typed('status')}` says why")
            async with asyncio.timeout(ANSWER_S):
                return await awaited.answer
        except TimeoutError:
            raise Refusal("failed", "there was no answer", f"`{typed('status')}` says which engine is asked") from None
        finally:
            self._asking = False
            self._ledger.unwatch(awaited.take)

    # The device

    @_do.register
    async def _(self, _request: m.Mute, _: Peer) -> m.Reply:
        self._daemon.mute.want(on=True)
        return m.Done()

    @_do.register
    async def _(self, _request: m.Unmute, _: Peer) -> m.Reply:
        self._daemon.mute.want(on=False)
        if self._daemon.mute.on:
            raise Refusal("impossible", "a switch holds the microphone muted", "open the switch")
        return m.Done()

    @_do.register
    async def _(self, request: m.SetVolume, _: Peer) -> m.Reply:
        self._daemon.playout.volume = request.percent / 100
        return m.Done()

    @_do.register
    async def _(self, _request: m.GetTimers, _: Peer) -> m.Reply:
        set_ = self._news.timers()
        return m.TimersSet(set_.timers, set_.alarms, set_.ringing)

    @_do.register
    async def _(self, request: m.CancelTimer, _: Peer) -> m.Reply:
        named = [timer.name for timer in self._daemon.timers.running if timer.name == request.name]
        if not (named or self._daemon.timers.find(self._daemon.timers.running, request.name)):
            raise Refusal("unknown", f"there is no timer {request.name!r}", f"`{typed('timers')}` lists them")
        self._daemon.timers.cancel(request.name)
        return m.Done()

    @_do.register
    async def _(self, request: m.CancelAlarm, _: Peer) -> m.Reply:
        alarms = self._daemon.alarms
        if not any(alarm.number == request.number for alarm in alarms.all):
            raise Refusal("unknown", f"there is no alarm {request.number}", f"`{typed('timers')}` lists them")
        alarms.cancel([alarm for alarm in alarms.all if alarm.number == request.number])
        return m.Done()

    # Settings

    @_do.register
    async def _(self, request: m.GetSettings, _: Peer) -> m.Reply:
        return await self._aside.do(self._settings, request.below, request.language)

    def _settings(self, below: str, language: str) -> m.SettingsAre:
        loaded, settings, fault = self._found.loaded, self._found.settings, self._found.fault
        file = file_for(self._config)
        try:  # what the files say now, which holds when Parley is started anew
            loaded = read(self._config)
            settings = loaded.settings
        except SettingsError as error:
            fault = str(error)
        told, shown = explanations(language), {*settings.engines, *loaded.table.get("engine", {})}
        if (parts := below.split("."))[0] == "engine" and len(parts) > 1:
            shown.add(parts[1])
        rows = tuple(
            m.Setting(
                key.name,
                key.value,
                key.default,
                key.kind,
                key.valid,
                key.choices,
                key.least,
                key.most,
                told.get(key.told_at, key.about),
                loaded.origins.get(key.name, ""),
                None if key.kind == "secret" else said(key.name, file),
                key.present,
            )
            for key in described(settings, shown)
            if not below or key.name == below or key.name.startswith(f"{below}.")
        )
        if not rows:
            raise Refusal("unknown", f"there is no setting {below!r}", f"`{typed('settings')}` lists them")
        pending = changed(self._found.settings, able(settings)[0])
        others = tuple(sorted(set(settings.engine) - shown))
        return m.SettingsAre(rows, str(file), fault, tuple(pending), others, base(language) if told else "en")

    @_do.register
    async def _(self, request: m.ChangeSetting, peer: Peer) -> m.Reply:
        key, value, was = request.key, request.value, request.was
        try:
            file = await self._aside.do(change, key, value, was=was, owner=peer.owner, config=self._config)
        except StaleError as error:
            raise Refusal("changed", str(error), "look at it again, and then change it") from None
        except ChangeError as error:
            raise Refusal("invalid", str(error)) from None
        return m.Changed(request.key, str(file))

    @_do.register
    async def _(self, _request: m.Restart, _: Peer) -> m.Reply:
        asyncio.get_running_loop().call_later(0.2, self._restart)  # the reply goes first
        return m.Done()

    @_do.register
    async def _(self, request: AnyProfileRequest, _: Peer) -> m.Reply:
        return await self._aside.do(self._profiles.answer, request)

    # The page's code

    @_do.register
    async def _(self, request: m.NewCode, peer: Peer) -> m.Reply:
        if not peer.owner:
            raise Refusal("refused", "only root may ask for the page's code", of_service("page code"))
        code = self.new_code()
        if request.speak:
            self.speak_code(code)
        return m.CodeIs(code, self._codes.seconds)

    @_do.register
    async def _(self, request: m.CheckCode, _: Peer) -> m.Reply:
        try:
            self._codes.check(request.code)
        except Refused as refused:
            kind: m.Code = "wait" if refused.wait_s else "refused"
            fix = f"try again in {refused.wait_s:.0f} s" if refused.wait_s else "hold the button for a new one"
            raise Refusal(kind, str(refused), fix, refused.wait_s) from None
        self._blink("")
        return m.Done()

    def new_code(self) -> str:
        """Return a new code for the page. Raises Refusal."""
        try:
            return self._codes.new()
        except Refused as refused:
            raise Refusal("wait", str(refused), f"try again in {refused.wait_s:.0f} s", refused.wait_s) from None

    def speak_code(self, code: str) -> None:
        """Have a code told by voice and by the lights; it is written nowhere."""
        self._blink(code)
        self._daemon.spawn(self._say(self._spoken_code(code), shown=False))
