"""Whatever happens in whatever order, a few things hold."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device.conversation.actions import (
    Announce,
    Ask,
    CloseSession,
    Cut,
    Duck,
    Hold,
    Listen,
    Lower,
    Mask,
    OpenSession,
    Play,
    Recognise,
    Restore,
    Ring,
    Say,
    Show,
    Unmask,
)
from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    Fault,
    Opened,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Words,
    Working,
)
from device.conversation.events import (
    AlarmRang,
    Announced,
    Asked,
    Button,
    CardBack,
    CardLost,
    Echo,
    Heard,
    Missed,
    Mistaken,
    Mute,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Repeat,
    StopHeard,
    Submitted,
    Tick,
    TimerRang,
    ToolDone,
    Understood,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.machine import Conversation
from device.conversation.rules import Rules
from device.conversation.states import TRANSITIONS, State
from device.sample_clock import samples

RESULT = Submitted("{}")
WRONG = Submitted("{}", ("$: 'solved' is a required property",))

ITEMS = st.sampled_from(["i1", "i2", "repeat-1", "announcement-1"])


REPLIES = st.sampled_from(["r1", "r2"])


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, a few things hold."""

    def __init__(self):
        super().__init__()
        self.now = 0
        self.wanted = self.live = self.cutting = self.ducked = self.ringing = self.recognising = False
        self.concluding = self.masked = self.echoes = False
        self.shown = State.ASLEEP

    @initialize(
        barge_in=st.sampled_from(["device", "device", "engine", "off"]),
        recogniser=st.booleans(),
        stream=st.booleans(),
        result=st.sampled_from(["", "f"]),
    )
    def begin(self, barge_in, recogniser, stream, result):
        self.conversation = Conversation(
            Rules(commit_after_ms=500, barge_in=barge_in, recogniser=recogniser, result_tool=result)
        )
        self.stream = stream
        self.hears_all = barge_in == "engine" or (stream and barge_in == "device")

    def send(self, make, ms=50):
        self.now += samples(ms)
        event = make(self.now)
        for action in self.conversation.on(event, self.now):
            self.check(action, event)
        assert self.shown is self.conversation.state

    def check(self, action, event):  # noqa: C901 - a table of actions
        match action:
            case OpenSession():
                self.wanted = True
            case CloseSession():
                self.wanted = self.concluding = False
            case Say(text) if "is over" in text:
                self.concluding = True
            case Listen(at):
                assert self.wanted, "audio must not be sent without a session that was asked for"
                assert 0 <= at <= self.now
                self.live, self.masked = True, self.masked and action.again
            case Mask(at):
                assert self.live
                assert not self.masked
                self.masked = True
            case Unmask(at):
                assert self.masked
                assert 0 <= at <= self.now
                self.masked = False
            case Hold():
                self.live = self.masked = False
            case Play():
                assert self.wanted
                assert not self.concluding, "nobody is to hear what the result is asked for with"
            case Ask():
                assert self.conversation.state is not State.MUTED
                assert self.wanted
            case Announce():
                assert not self.ringing
            case Duck() | Lower():
                self.ducked = True
            case Restore():
                self.ducked = False
            case Cut():
                self.cutting, self.ducked = True, False
            case Recognise(onset, end):
                assert self.conversation.rules.recogniser
                assert onset <= end <= self.now
                assert not self.recognising, "one voice at a time"
                self.recognising = onset
            case Ring(on, says):
                assert on is not self.ringing or says
                self.ringing = on
            case Show(state):
                assert state in TRANSITIONS[self.shown].values(), "no other transition ever happens"
                self.shown = state

    @rule(ms=st.integers(1, 9000))
    def tick(self, ms):
        self.send(Tick, ms)

    @rule()
    def wake(self):
        self.send(lambda at: Wake(at, "w", 0.9))

    @rule()
    def button(self):
        self.send(Button)

    @rule()
    def repeat(self):
        self.send(Repeat)

    @rule()
    def asked(self):
        self.send(lambda at: Asked(at, "by text"))

    @rule()
    def announced(self):
        self.send(lambda at: Announced(at, "announcement-1"))

    @rule(on=st.booleans())
    def mute(self, on):
        self.send(lambda at: Mute(at, on=on))

    @rule()
    def near_end(self):
        self.send(NearEnd)

    @rule(kind=st.sampled_from(["none", "known", "unknown"]), ms=st.integers(0, 200))
    def echo(self, kind, ms):
        since = self.now
        self.send(lambda at: Echo(at, kind, since), ms)
        self.echoes = kind != "none"

    @rule(ms=st.integers(1, 400))
    def missed(self, ms):
        self.send(lambda at: Missed(at, samples(ms)), ms)

    @rule(ms=st.integers(0, 900))
    def mistaken(self, ms):
        onset = self.now
        self.send(lambda at: VoiceStart(at, onset))
        self.send(lambda at: Mistaken(at, onset), ms)

    @rule(ms=st.integers(0, 900))
    def voice(self, ms):
        onset = self.now
        self.send(lambda at: VoiceStart(at, onset))
        self.send(lambda at: Voice(at, onset, ms), ms)

    @rule(ms=st.integers(32, 900), silence=st.integers(0, 200), peak=st.sampled_from([-20.0, -35.0]))
    def voice_goes_on(self, ms, silence, peak):
        self.send(lambda at: Voice(at, max(0, at - samples(ms + silence)), ms, silence, peak), 32)

    @precondition(lambda self: self.recognising is not False)
    @rule(kind=st.sampled_from(["stop", "speech", "backchannel", "nothing", "unknown"]), ms=st.integers(1, 500))
    def understood(self, kind, ms):
        onset, self.recognising = self.recognising, False
        self.send(lambda at: Understood(at, onset, at - samples(ms), kind), ms)

    @rule(ms=st.integers(60, 900))
    def voice_end(self, ms):
        self.send(lambda at: VoiceEnd(at, max(0, at - samples(ms + 240)), max(0, at - samples(240)), ms))

    @precondition(lambda self: self.wanted)
    @rule()
    def opened(self):
        self.send(lambda at: Opened(24000, Capabilities(family="stream" if self.stream else "turns")))

    @rule(retry=st.booleans())
    def fault(self, retry):
        self.send(lambda at: Fault("x", "y", retry=retry))

    @rule(reply=REPLIES)
    def reply_started(self, reply):
        self.send(lambda at: ReplyStarted(reply))

    @rule(reply=REPLIES, item=ITEMS)
    def audio(self, reply, item):
        self.send(lambda at: Audio(reply, item, b"ab"))

    @rule(reply=REPLIES, item=ITEMS)
    def audio_done(self, reply, item):
        self.send(lambda at: AudioDone(reply, item))

    @rule(reply=REPLIES, status=st.sampled_from(["completed", "cancelled", "failed", "incomplete"]))
    def reply_ended(self, reply, status):
        self.send(lambda at: ReplyEnded(reply, status))

    @rule(text=st.sampled_from(["", "hello"]), role=st.sampled_from(["user", "assistant"]), item=ITEMS)
    def words(self, text, role, item):
        self.send(lambda at: Words(role, text, final=True, item=item))

    @rule()
    def speech_started(self):
        self.send(lambda at: SpeechStarted())

    @rule()
    def speech_stopped(self):
        self.send(lambda at: SpeechStopped())

    @rule(reply=REPLIES)
    def tool(self, reply):
        self.send(lambda at: ToolCall(reply, "c", "f", "{}"))

    @rule(on=st.booleans())
    def working(self, on):
        self.send(lambda at: Working(on))

    @rule(sleep=st.booleans(), result=st.sampled_from([None, RESULT, WRONG]))
    def tool_done(self, sleep, result):
        self.send(lambda at: ToolDone(at, "c", "{}", sleep=sleep, result=result))

    @rule(item=ITEMS)
    def playout_started(self, item):
        self.send(lambda at: PlayoutStarted(at, item))

    @rule(item=ITEMS)
    def playout_done(self, item):
        self.send(lambda at: PlayoutDone(at, Heard(item, 5, whole=True)))

    @precondition(lambda self: self.cutting)
    @rule(item=ITEMS)
    def playout_cut(self, item):
        self.cutting = False
        self.send(lambda at: PlayoutCut(at, (Heard(item, 5, whole=False),)))

    @rule()
    def timer(self):
        self.send(lambda at: TimerRang(at, "tea"))

    @rule(says=st.sampled_from(["", "This is your reminder: tea."]))
    def alarm_rings(self, says):
        self.send(lambda at: AlarmRang(at, "reminder", "tea", says))

    @rule()
    def stop(self):
        self.send(StopHeard)

    @rule()
    def card(self):
        self.send(CardLost)
        self.send(CardBack)

    @invariant()
    def nothing_leaves_when_it_should_not(self):
        state = self.conversation.state
        if state in (State.ASLEEP, State.MUTED, State.FAULT):
            assert not self.live
            assert not self.wanted
        if state in (State.SPEAKING, State.OVERLAP) and not self.hears_all:
            assert not self.live, "while a reply plays, nothing is sent before the decision"

    @invariant()
    def nothing_is_masked_but_what_may_be_echo(self):
        assert not self.masked or self.echoes

    @invariant()
    def nobody_is_heard_while_the_result_is_waited_for(self):
        assert not (self.concluding and self.live)

    @invariant()
    def the_reply_is_low_only_while_somebody_speaks_over_it(self):
        assert not self.ducked or self.conversation.state is State.OVERLAP


TestAnyOrder = AnyOrder.TestCase


TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
