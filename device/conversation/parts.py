"""What a conversation consists of, beside whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from msgspec import Struct

from device.conversation.announcements import Announcements
from device.conversation.attention import Attention
from device.conversation.barge_in import BargeIn
from device.conversation.connection import Connection
from device.conversation.current_reply import CurrentReply
from device.conversation.final_result import FinalResult
from device.conversation.greeting import Greeting
from device.conversation.history import History
from device.conversation.output import Output
from device.conversation.own_voice import OwnVoice
from device.conversation.pending_tools import PendingTools
from device.conversation.question import Question
from device.conversation.timeouts import Timeouts
from device.conversation.tool_rounds import ToolRounds
from device.conversation.user_turn import UserTurn

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.rules import Rules


class Parts(Struct, frozen=True, kw_only=True):
    """Built once; each has a state that only it changes, is told what happened, and can be asked."""

    output: Output
    connection: Connection
    history: History
    final_result: FinalResult
    user: UserTurn
    timeouts: Timeouts
    attention: Attention
    barge_in: BargeIn
    reply: CurrentReply
    tools: PendingTools
    rounds: ToolRounds
    greeting: Greeting
    own_voice: OwnVoice
    question: Question
    announcements: Announcements

    @classmethod
    def build(cls, rules: Rules, barred: Callable[[str], bool]) -> Self:
        """Return them as they are before anything has happened; engines for which `barred` holds are passed over."""
        return cls(
            output=Output(),
            connection=Connection(rules.engines, barred),
            history=History(),
            final_result=FinalResult(rules.result_tool),
            user=UserTurn(),
            timeouts=Timeouts(rules.follow_up_ms),
            attention=Attention(),
            barge_in=BargeIn(cut_ms=rules.cut_ms, recogniser=rules.recogniser),
            reply=CurrentReply(),
            tools=PendingTools(),
            rounds=ToolRounds(),
            greeting=Greeting(rules.greeting),
            own_voice=OwnVoice(),
            question=Question(),
            announcements=Announcements(),
        )
