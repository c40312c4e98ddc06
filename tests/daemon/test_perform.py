"""Every action has its deed, at the part that it concerns."""

import asyncio

import pytest

from device.audio.last_reply import LastReply
from device.conversation import entries
from device.conversation.actions import (
    Action,
    Again,
    Announce,
    Ask,
    CloseSession,
    Commit,
    Cut,
    Discard,
    Duck,
    Earcon,
    Finish,
    Hold,
    Interrupt,
    Listen,
    Lower,
    Mask,
    OpenSession,
    Play,
    Prepare,
    Recognise,
    Record,
    Restore,
    ReturnTool,
    Ring,
    RunTool,
    Say,
    Show,
    StopTools,
    Switch,
    Unmask,
)
from device.conversation.engine import Said, ToolCall
from device.conversation.events import Heard, ToolDone, Understood
from device.conversation.states import State
from device.daemon.inbox import Inbox
from device.daemon.perform import QUICK_FADE_MS, Performer
from device.daemon.tasks import Tasks
from device.listen.first_words import FirstWords
from device.settings.tree import BargeInSettings
from device.tools.registry import ToolResult

BARGE_IN = BargeInSettings(duck_db=-18.0, fade_ms=25)
HISTORY = (Said("user", "hello"),)
WAKE = entries.Wake(9, word="jarvis", score=0.9)
HEARD = (Heard("item", 300, whole=False),)


class Part:
    """Keeps what it is asked to do, with its own name."""

    def __init__(self, name, done, **known):
        self._name, self._done = name, done
        for key, value in known.items():
            setattr(self, key, value)

    def __getattr__(self, name):
        def do(*args, **keys):
            self._done.append((f"{self._name}.{name}", *args, *keys.values()))

        return do


class OverReply(Part):
    async def recognise(self, onset, at, *, ended, since=None):
        whole = onset if since is None else since
        return FirstWords("stop", f"{whole} to {at}, {'ended' if ended else 'going on'}", 2.5)


class Tools(Part):
    async def call(self, name, arguments):
        return ToolResult(f"{name}({arguments})", sleep=True)


class Session:
    """An engine's session that keeps what it is told."""

    def __init__(self, done):
        self._done = done

    def __getattr__(self, name):
        async def tell(*args, **keys):
            self._done.append((f"session.{name}", *args, *keys.values()))

        return tell


class Stage:
    """A performer with parts that keep what they are asked to do, in `done`."""

    def __init__(self, *, rate=24_000, ringing=False, state=State.LISTENING, barge_in=BARGE_IN):
        done = self.done = []
        self.last_reply = LastReply()
        self.tasks = Tasks()
        inbox = Inbox()
        inbox.open(done.append)
        self.uplink = Part("uplink", done)
        self.orders = []
        self.uplink.order = self.orders.append
        self.performer = Performer(
            inbox=inbox,
            tasks=self.tasks,
            playout=Part("playout", done),
            capture=Part("capture", done, now=77),
            uplink=self.uplink,
            sessions=Part("sessions", done, rate=rate),
            tools=Tools("tools", done),
            over_reply=OverReply("over_reply", done),
            ringer=Part("ringer", done, on=ringing),
            earcons=Part("earcons", done),
            last_reply=self.last_reply,
            announcer=Part("announcer", done),
            ledger=Part("ledger", done),
            watcher=Part("watcher", done),
            barge_in=barge_in,
            state=lambda: state,
        )

    async def perform(self, action):
        """Return what is done because of an action, also what takes a while, and in the session."""
        self.done.clear()
        self.performer.perform(action)
        for order in self.orders:
            await order(Session(self.done))
        self.orders.clear()
        await self.tasks.close()
        return self.done


DEEDS = [
    (
        Play(
            "item",
            b"\1\0",
        ),
        [("playout.play", "item", b"\1\0", 24_000), ("watcher.reply_audio", "item", b"\1\0", 24_000)],
    ),
    (Finish("item"), [("playout.finish", "item")]),
    (Announce("a"), [("announcer.play", "a")]),
    (Lower(), [("playout.lower", -18.0)]),
    (Duck(), [("playout.duck", -18.0)]),
    (Restore(), [("playout.restore",)]),
    (Cut(), [("playout.cut", 25)]),
    (Cut(quick=True), [("playout.cut", QUICK_FADE_MS)]),
    (Earcon("wake"), [("earcons.play", "wake")]),
    (Ring(on=True), [("ringer.ring", True, ""), ("capture.want_voice", True)]),
    (Listen(5), [("uplink.listen", 5, False)]),
    (Listen(5, again=True), [("uplink.listen", 5, True)]),
    (Hold(), [("uplink.hold",)]),
    (Mask(5), [("uplink.mask", 5)]),
    (Unmask(5), [("uplink.unmask", 5)]),
    (Commit(5), [("uplink.commit", 5)]),
    (Interrupt(HEARD), [("session.interrupt", HEARD)]),
    (Discard(), [("session.discard",)]),
    (Ask("when?"), [("session.ask", "when?")]),
    (Say("Hello"), [("session.say", "Hello")]),
    (ReturnTool("call", "{}", reply=False), [("session.tool_result", "call", "{}", False)]),
    (
        OpenSession(HISTORY, 250, "openai"),
        [("uplink.forget",), ("sessions.open", HISTORY, 250, "openai"), ("over_reply.want", True)],
    ),
    (Prepare(HISTORY, "openai"), [("sessions.prepare", HISTORY, "openai")]),
    (Switch(), [("sessions.switch",)]),
    (CloseSession(), [("sessions.close",), ("over_reply.want", False)]),
    (Recognise(10, 20, ended=True), [Understood(77, 10, 20, "stop", "10 to 20, ended", 2.5)]),
    (Recognise(10, 20, ended=True, since=4), [Understood(77, 10, 20, "stop", "4 to 20, ended", 2.5)]),
    (
        RunTool(ToolCall("item", "call", "get_time", "{}")),
        [ToolDone(77, "call", "get_time({})", sleep=True, reply=True, result=None)],
    ),
    (StopTools(("none",)), []),
    (Record(WAKE), [("ledger.record", WAKE)]),
]


@pytest.mark.parametrize(("action", "does"), DEEDS, ids=lambda one: type(one).__name__)
async def test_an_action_is_done_at_its_part(action, does):
    assert await Stage().perform(action) == does


async def test_a_tool_that_is_stopped_is_cancelled_and_tells_nothing():
    stage, ended = Stage(), []

    async def call(name, arguments):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append(name)
            raise

    stage.performer._tools.call = call  # noqa: SLF001 - as slow as some are
    for name in ("first", "second"):
        stage.performer.perform(RunTool(ToolCall("item", name, name, "{}")))
    await asyncio.sleep(0)
    stage.performer.perform(StopTools(("first", "strange")))
    await asyncio.sleep(0.01)
    assert ended == ["first"]
    stage.performer.perform(StopTools(("first", "second")))
    await asyncio.sleep(0.01)
    assert ended == ["first", "second"]


def test_no_action_is_without_a_deed():
    tested = {type(action) for action, _ in DEEDS} | {Again, Show}
    assert tested == {action for action in Action.__subclasses__() if action.__module__ == Action.__module__}


async def test_what_is_no_action_is_refused():
    class Dance(Action, frozen=True):
        pass

    with pytest.raises(NotImplementedError, match="Dance"):
        await Stage().perform(Dance())


async def test_without_a_session_nothing_is_played():
    assert await Stage(rate=None).perform(Play("item", b"\1\0")) == []


async def test_the_last_reply_is_played_again_whole():
    stage = Stage()
    for pcm in (b"\1\0", b"\2\0"):
        await stage.perform(Play("item", pcm))
    assert await stage.perform(Again("repeat-1")) == [
        ("playout.play", "repeat-1", b"\1\0\2\0", 24_000),
        ("playout.finish", "repeat-1"),
    ]


@pytest.mark.parametrize("decide", ["engine", "off"])
async def test_words_over_a_reply_are_wanted_only_where_the_device_decides(decide):
    stage = Stage(barge_in=BargeInSettings(decide=decide))
    assert ("over_reply.want", False) in await stage.perform(OpenSession((), 0))


@pytest.mark.parametrize(
    ("state", "ringing", "wanted", "alert"),
    [
        (State.ASLEEP, False, False, False),
        (State.ASLEEP, True, True, False),
        (State.MUTED, False, False, False),
        (State.FAULT, False, False, False),
        (State.CONNECTING, False, True, False),
        (State.LISTENING, False, True, False),
        (State.THINKING, False, True, False),
        (State.SPEAKING, False, True, True),
        (State.OVERLAP, False, True, True),
    ],
)
async def test_voices_are_looked_for_where_somebody_may_speak_and_at_once_over_a_reply(state, ringing, wanted, alert):
    assert await Stage(ringing=ringing).perform(Show(state)) == [
        ("capture.want_voice", wanted, alert),
        ("watcher.state", state, 77),
    ]


@pytest.mark.parametrize(("state", "wanted"), [(State.ASLEEP, False), (State.LISTENING, True)])
async def test_once_it_has_rung_voices_matter_as_before(state, wanted):
    assert await Stage(state=state).perform(Ring(on=False)) == [
        ("ringer.ring", False, ""),
        ("capture.want_voice", wanted),
    ]


@pytest.mark.parametrize(("message", "said"), [("no key", "no key"), ("", "http_500")])
async def test_an_engines_fault_is_logged(message, said, caplog):
    await Stage().perform(Record(entries.EngineError(9, code="http_500", message=message)))
    assert [record.message for record in caplog.records] == [f"Engine: {said}"]


async def test_it_is_logged_that_the_device_hears_itself_and_when_that_is_over(caplog):
    caplog.set_level("WARNING")
    stage = Stage()
    for entry in (entries.HearsItself(9, "so"), entries.HearsOthers(10), WAKE):
        await stage.perform(Record(entry))
    first, second = (record.message for record in caplog.records)
    assert first.startswith("It hears itself: so.")
    assert "voices are believed again" in second
