"""The daemon's parts, each finished when it is made, put together to one."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from device.audio.echo.canceller import EchoCanceller
from device.audio.last_reply import LastReply
from device.audio.ring import RingBuffer
from device.conversation.events import CardBack, CardLost, Mute
from device.conversation.machine import Conversation
from device.conversation.rules import Rules
from device.daemon.alarm_clock import AlarmClock
from device.daemon.announcer import Announcer
from device.daemon.daemon import Daemon
from device.daemon.earshot import Earshot
from device.daemon.inbox import Inbox
from device.daemon.kept import Kept, runtime_dir
from device.daemon.kept_lists import KeptLists
from device.daemon.mute import MuteSwitch
from device.daemon.perform import Performer
from device.daemon.sounds import Earcons, Ringer
from device.daemon.tasks import Tasks
from device.daemon.tools import device_tools
from device.daemon.watcher import Watchers
from device.earshot.air import Multicast
from device.engines.sessions import HANDOVER_S, OPEN_TIMEOUT_S, Sessions
from device.engines.uplink import SentAudio, Uplink
from device.listen.capture import CLEAN_SECONDS, Capture
from device.listen.detectors import Detectors
from device.listen.gain import Gain, SpeechLevel
from device.listen.over_reply import OverReply
from device.listen.shared_recogniser import SharedRecogniser
from device.listen.stop_word import StopWord
from device.listen.wake_check import WakeCheck
from device.records.entry import SentFirst
from device.sample_clock import CLOCK_RATE, samples
from device.skills.alarms.alarms import Alarms
from device.skills.alarms.spoken import put_off
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.named import spoken_of
from device.skills.places.spot import SpotError, spot
from device.skills.timers.names import timer_names
from device.skills.timers.timers import Timers
from device.tools.result import NAME as RESULT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from device.audio.card.base import Card
    from device.conversation.engine import EngineSession, ToolSpec
    from device.daemon.reader import Speak
    from device.earshot.air import Air
    from device.records.ledger import Ledger
    from device.settings.tree import Settings
    from device.skills.places.spot import Spot
    from device.tools.registry import Tool

    MakeSession = Callable[[Sequence[ToolSpec], str, Sequence[str]], Awaitable[EngineSession]]

log = logging.getLogger(__name__)


async def build(
    settings: Settings,
    card: Card,
    ledger: Ledger,
    session: MakeSession,
    *,
    tools: Sequence[Tool] = (),
    changing: Callable[[], Iterable[Tool]] = tuple,
    barred: Callable[[str], bool] = lambda _: False,
    sent: SentAudio | None = None,
    muted: Path | None = None,
    kept: Path | None = None,
    forget: Callable[[datetime | None], int] = lambda _: 0,
    detectors: Detectors | None = None,
    recogniser: SharedRecogniser | None = None,
    speak: Speak | None = None,
    alarms: Alarms | None = None,
    air: Air | None = None,
) -> Daemon:
    """Open the card, load the models that are not given, and return an assistant that is ready to start.

    `session` makes a session with an engine, by its name, for the tools it may call (the built-in ones that the
    settings name, `tools`, and those that `changing` returns, which come and go) and the names that may be spoken of.
    Engines that are `barred` are passed over. `sent` counts what is sent to them. At `muted` is kept that the user has
    muted the microphone, in the folder `kept` the timers, the alarms, the lists, the volume and how loud speech
    arrives. Reminders are spoken by `speak`, if it is there, and `alarms` go by the machine's clock, if they are not
    given. `forget` deletes transcripts since a time. Others in earshot
    are talked to over `air`. Raises CardError or ModelError: then the card is closed.
    """
    playback, listen, barge_in, language = settings.playout, settings.listen, settings.barge_in, settings.language
    inbox, tasks, watchers, sent = Inbox(), Tasks(), Watchers(), sent or SentAudio()
    clean = RingBuffer(CLOCK_RATE, CLEAN_SECONDS)

    def now() -> int:
        return clean.position

    playout = card.playout(prebuffer_ms=playback.prebuffer_ms, volume=playback.volume)
    with ExitStack() as failing:
        failing.callback(card.close)
        # The card's ring keeps what is heard while the models load.
        card.open(playout, lambda present: inbox.post((CardBack if present else CardLost)(now())))
        if detectors is None:
            detectors = await asyncio.to_thread(Detectors.load, settings.wake, settings.models_dir)
        failing.pop_all()
    capture = Capture(
        card,
        playout,
        clean,
        canceller=EchoCanceller(listen.echo_tail_ms) if listen.echo_canceller == "device" else None,
        voice=detectors.voice,
        wake=detectors.wake,
        emit=inbox.post,
        vad_threshold=listen.vad_threshold,
        gain=microphone_gain(settings, detectors),
    )
    recogniser = recogniser or SharedRecogniser(settings.models_dir)

    async def snooze(minutes: int) -> str:
        told = json.loads((await builtin.call("snooze", json.dumps({"minutes": minutes}))).output)
        return put_off(minutes, language) if told.get("snoozed") else ""

    stop_word = StopWord(language, clean, recogniser)
    ringer = Ringer(playout, stop_word, inbox, now, tasks=tasks, speak=speak, snooze=snooze)
    earcons = Earcons(playout, ringer, watchers, wanted=playback.earcons)
    announcer = Announcer(playout, inbox, now, watchers, speak)
    ledger.watch(announcer.take)
    timers, alarms = Timers(now, timer_names(settings.language)), alarms or Alarms()
    lists = Lists(words_of(settings.language))

    def mute_microphone(on: bool) -> None:  # noqa: FBT001 - what the switch calls
        card.deaf = on
        inbox.put(Mute(now(), on=on))

    mute = MuteSwitch(mute_microphone, muted)
    keep = Kept(
        kept,
        timers,
        playout,
        setting=playback.volume,
        gain=capture.gain,
        microphone=card.name,
        run=runtime_dir() if kept else None,
        lists=KeptLists(kept, lists) if kept else None,
    )
    builtin = device_tools(
        timers,
        alarms,
        playout,
        mute,
        ringer,
        lists=lists,
        keep_days=settings.transcripts.keep_days,
        spot=where(settings),
        forget=forget,
    )
    offered = builtin.offering(settings.tools, tools, changing)
    uplink = Uplink(
        clean,
        sent,
        on_first=lambda at: ledger.record(SentFirst(now(), round(at / samples(1000), 3))),
        on_sent=lambda at: watchers.sent(at, sent.samples),
        gaps=capture.gaps,
    )
    sessions = Sessions(
        lambda engine: session(offered.specs(), engine, spoken_of(timers, alarms, lists)),
        inbox.put,
        tasks.spawn,
        uplink.serve,
        open_s=OPEN_TIMEOUT_S if len(settings.engines) == 1 else HANDOVER_S,
    )
    conversation = Conversation(rules(settings, submits=any(tool.name == RESULT for tool in tools)), barred)
    earshot = None
    if settings.house.group:
        earshot = Earshot(
            settings.house,
            air or Multicast(),
            inbox=inbox,
            tasks=tasks,
            capture=capture,
            playout=playout,
            ledger=ledger,
            ringing=lambda: ringer.on,
            gain_db=lambda: capture.gain.db if settings.card.gain_db == "auto" else 0.0,
        )
        watchers.add(earshot)
    last_reply = LastReply()
    performer = Performer(
        inbox=inbox,
        tasks=tasks,
        playout=playout,
        capture=capture,
        uplink=uplink,
        sessions=sessions,
        tools=offered,
        over_reply=OverReply(language, clean, recogniser),
        ringer=ringer,
        earcons=earcons,
        last_reply=last_reply,
        announcer=announcer,
        ledger=ledger,
        watcher=watchers,
        barge_in=barge_in,
        state=lambda: conversation.state,
    )
    return Daemon(
        inbox=inbox,
        tasks=tasks,
        card=card,
        playout=playout,
        capture=capture,
        uplink=uplink,
        sessions=sessions,
        conversation=conversation,
        wake_check=WakeCheck(clean, recogniser, wanted=settings.wake.confirm),
        performer=performer,
        timers=timers,
        alarms=alarms,
        alarm_clock=AlarmClock(alarms, kept, settings.language),
        kept=keep,
        mute=mute,
        ringer=ringer,
        earcons=earcons,
        announcer=announcer,
        last_reply=last_reply,
        watchers=watchers,
        earshot=earshot,
        fade_ms=barge_in.fade_ms,
    )


def where(settings: Settings) -> Spot | None:
    """Return where the device is; None if nobody said, or what was said is not known, which the log tells then."""
    try:
        return spot(settings.home)
    except SpotError as error:
        log.warning("%s", error)
        return None


def microphone_gain(settings: Settings, detectors: Detectors) -> Gain:
    """Return what amplifies the microphone: by as much as is set, or as it finds out."""
    if settings.card.gain_db != "auto":
        return Gain(settings.card.gain_db)
    return Gain(speech=SpeechLevel(detectors.speech) if detectors.speech is not None else None)


def rules(settings: Settings, *, submits: bool) -> Rules:
    """Return what the settings say of a conversation, whose engine `submits` its result or does not."""
    listen, barge_in = settings.listen, settings.barge_in
    return Rules(
        engines=settings.engines,
        follow_up_ms=round(listen.follow_up_s * 1000),
        greeting=settings.greeting,
        cut_ms=barge_in.cut_ms,
        barge_in=barge_in.decide,
        recogniser=True,
        commit_after_ms=listen.silence_ms if listen.end_of_turn == "device" else None,
        silence_ms=listen.silence_ms,
        result_tool=RESULT if submits else "",
    )
