"""The answer to a question by text, gathered from the ledger."""

import pytest

from device.conversation import entries
from device.conversation.states import State
from device.daemon.answer import Awaited
from device.door.messages import Answer
from device.door.server import Refusal


async def gathered(*told):
    awaited = Awaited()
    for entry in told:
        awaited.take(entry)
    return await awaited.answer if awaited.answer.done() else None


ASKED = entries.User(1, "When?")
HEARD = entries.Heard(2, "i", 500, True, "At noon.", "")
PLAYED = entries.ReplyLastAudio(2, "i", 500)
LISTENS = entries.StateEntered(3, State.LISTENING)


async def test_what_was_heard_until_the_user_has_the_turn():
    more = entries.Heard(2, "j", 100, False, "Or", "at one.")
    told = await gathered(ASKED, HEARD, PLAYED, more, entries.Silence(2), LISTENS, ASKED)
    assert told == Answer("At noon. Or", "at one.", "When?")


async def test_what_was_said_before_is_no_answer():
    assert await gathered(HEARD, PLAYED, LISTENS) is None
    assert await gathered(HEARD, PLAYED, LISTENS, ASKED, LISTENS) is None


async def test_while_a_tool_is_called_the_answer_goes_on():
    thinks = entries.StateEntered(3, State.THINKING)
    told = await gathered(ASKED, HEARD, PLAYED, thinks, HEARD, PLAYED, LISTENS)
    assert told.text == "At noon. At noon."


async def test_where_another_engine_is_asked_it_is_waited_for():
    gone = entries.EngineError(2, "no_reply", "The engine did not answer.", retry=True)
    assert (await gathered(ASKED, gone, HEARD, PLAYED, LISTENS)).text == "At noon."


async def test_an_answer_without_words_is_one():
    assert await gathered(ASKED, PLAYED, LISTENS) == Answer("", question="When?")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([ASKED, entries.EngineError(2, "no_reply", "The engine did not answer."), LISTENS], "did not answer"),
        ([entries.EngineError(2, "no_reply", "The engine x takes no text.")], "takes no text"),
        ([entries.EngineError(2, "x", ""), entries.StateEntered(3, State.FAULT)], "x"),
        ([ASKED, entries.StateEntered(3, State.MUTED)], "without an answer"),
    ],
)
async def test_without_an_answer_it_is_said_why(told, why):
    with pytest.raises(Refusal, match=why):
        await gathered(*told)
