"""The last moment by itself; what a conversation makes of it is in test_conversation."""

from device.closing import LONGEST, TRIES, Closing
from device.engines.contract import ToolCall
from device.events import Submitted, ToolDone

CALL = ToolCall("r", "c", "submit", "{}")


def test_only_calls_for_the_result_are_carried_out_and_waited_for():
    closing = Closing("submit")
    assert closing.ask("silence", 0).text.count("submit") == 1
    assert not closing.carries_out(ToolCall("r", "x", "sleep", "{}"))
    assert not closing.awaits(ToolDone(0, "x", "{}"))
    assert closing.refused("r")
    assert closing.carries_out(CALL)
    assert closing.awaits(ToolDone(0, "c", "{}"))
    assert not closing.refused("r")
    # One that was under way when the conversation ended counts.
    assert closing.awaits(ToolDone(0, "y", "{}", result=Submitted("{}")))


def test_the_engine_has_its_tries_again_when_it_is_asked():
    closing = Closing("submit")
    wrong = Submitted("{}", ("no",))
    assert [closing.submitted(wrong) for _ in range(TRIES)] == [True] * (TRIES - 1) + [False]
    assert closing.ask("silence", 0)
    assert [closing.again(wrong) for _ in range(TRIES)] == [True] * (TRIES - 1) + [False]
    closing.begin()
    assert closing.why == ""
    assert not closing.again(Submitted("{}"))
    assert closing.ask("silence", 0) is None, "it is there"


def test_it_is_late_only_some_time_after_it_was_asked_for():
    closing = Closing("submit")
    assert not closing.late(10 * LONGEST)
    closing.ask("silence", 1000)
    assert not closing.late(999 + LONGEST)
    assert closing.late(1000 + LONGEST)
