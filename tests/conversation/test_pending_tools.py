import itertools

from device.conversation.actions import ReturnTool, Say, StopTools
from device.conversation.events import ToolDone
from device.conversation.pending_tools import AGAIN, COVER, PendingTools


def test_a_tool_that_takes_long_is_spoken_of_once_and_not_twice_in_the_same_words() -> None:
    pending = PendingTools()
    said = []
    for call in ("a", "b", "c", "d"):
        pending.begin(call, 0, announced=False)
        assert pending.cover(COVER - 1) is None
        cover = pending.cover(COVER)
        assert isinstance(cover, Say)
        said.append(cover.text)
        assert pending.cover(10 * COVER) is None
        pending.done(ToolDone(0, call, "{}"), talking=False)
    assert all(one != other for one, other in itertools.pairwise(said))


def test_one_that_goes_on_and_on_is_spoken_of_now_and_then() -> None:
    pending = PendingTools()
    pending.begin("a", 0, announced=True)
    assert pending.cover(AGAIN - 1) is None
    first, second = pending.cover(AGAIN), pending.cover(2 * AGAIN)
    assert first is not None
    assert second is not None
    assert first.text != second.text
    assert pending.cover(3 * AGAIN - 1) is None


def test_an_engine_that_spoke_of_it_itself_is_not_asked_to() -> None:
    pending = PendingTools()
    pending.begin("a", 0, announced=True)
    assert pending.cover(COVER) is None
    pending.begin("b", 10, announced=False)
    assert pending.cover(COVER + 10) is None, "the first one's cover is theirs"


def test_a_result_waits_while_somebody_speaks_unless_it_is_not_spoken_of() -> None:
    pending = PendingTools()
    pending.begin("a", 0, announced=False)
    pending.begin("b", 0, announced=False)
    assert pending.done(ToolDone(0, "b", "2", reply=False), talking=True) == [ReturnTool("b", "2", reply=False)]
    assert pending.done(ToolDone(0, "a", "1"), talking=True) == []
    assert pending
    assert "a" not in pending
    assert pending.quiet() == [ReturnTool("a", "1", reply=True)]
    assert not pending
    assert pending.quiet() == []


def test_a_call_that_is_taken_back_is_forgotten() -> None:
    pending = PendingTools()
    pending.begin("a", 0, announced=False)
    pending.begin("b", 0, announced=False)
    assert pending.stop(("a", "z")) == [StopTools(("a",))]
    assert pending.stop() == [StopTools(("b",))]
    assert pending.stop() == []
    assert not pending
    assert pending.cover(COVER) is None


def test_the_engines_own_work_keeps_it_busy_until_it_is_done_or_the_session_is_lost() -> None:
    pending = PendingTools()
    assert not pending.busy
    pending.works(on=True)
    pending.clear()
    assert pending.busy, "it goes on when the reply is cut off"
    assert not pending, "no result is waited for"
    pending.works(on=False)
    assert not pending.busy
    pending.works(on=True)
    pending.begin("a", 0, announced=False)
    pending.lost()
    assert not pending.busy
