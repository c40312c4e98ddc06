from device.conversation import entries
from device.conversation.actions import Earcon, Record
from device.conversation.output import Output


def test_the_clock_never_goes_back():
    output = Output()
    output.arrive(5)
    output.arrive(3)
    assert output.now == 5


def test_what_is_still_on_its_way_is_told_of_ahead_of_the_event_that_tells_of_it():
    output = Output()
    output.arrive(5)
    output.go_on(8)
    assert (output.came, output.now) == (5, 8)


def test_what_is_to_be_done_is_handed_over_once_and_in_order():
    output = Output()
    output.do(Earcon("wake"), Earcon("error"))
    output.record(entries.Duck(5))
    assert output.leave() == [Earcon("wake"), Earcon("error"), Record(entries.Duck(5))]
    assert output.leave() == []
