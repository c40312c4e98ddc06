"""The connection by itself; its engines' order is in test_failover, and taking over in test_handover."""

from device.conversation import entries
from device.conversation.actions import OpenSession, Prepare, Record, Switch
from device.conversation.connection import Connection
from device.conversation.engine import Capabilities, Expiring, Fault, Opened, Prepared, Said, Unprepared
from device.sample_clock import samples

SAID = (Said("user", "one"),)
STREAM = Capabilities(family="stream", tools=False)


def opened(*engines):
    connection = Connection(engines or ("local",), lambda _: False)
    attempt = connection.begin(0)
    connection.ask(attempt, ())
    assert connection.opened(Opened(16_000, STREAM), 0) == Record(entries.SessionOpen(0, attempt.engine))
    return connection


def test_a_session_is_wanted_from_the_question_and_open_from_the_answer():
    connection = Connection(("local",), lambda _: False)
    assert not connection.wanted
    assert connection.ask(connection.begin(0), SAID) == OpenSession(SAID, 0, "local")
    assert connection.wanted
    assert not connection.open
    connection.opened(Opened(16_000, STREAM), 10)
    assert connection.open
    assert connection.rate == 16_000
    assert connection.stream


def test_with_every_engine_barred_there_is_none_to_ask():
    assert Connection(("local",), lambda _: True).begin(0) is None


def test_after_a_fault_that_cannot_be_fixed_no_session_is_wanted():
    connection = opened("best", "local")
    connection.lost()
    assert not connection.open
    assert connection.failed(Fault("key", "No such key.", retry=False), 0).engine == "local"
    assert connection.wanted
    assert connection.failed(Fault("key", "No such key.", retry=False), 0) is None
    assert not connection.wanted


def test_a_session_that_ends_soon_is_followed_by_one_that_can_what_it_says():
    connection = opened()
    assert connection.expiring(Expiring(60.0), 5) == Record(entries.EngineExpiring(5, 60.0))
    assert connection.change_over(10, SAID) == [
        Record(entries.SessionPrepare(10, "local")),
        Prepare(SAID, "local"),
    ]
    assert connection.change_over(11, SAID) == []
    connection.prepared(Prepared("local", 24_000, Capabilities()))
    assert connection.change_over(12, SAID) == [Record(entries.SessionSwitch(12, "local")), Switch()]
    assert (connection.rate, connection.can) == (24_000, Capabilities())
    assert connection.change_over(samples(10**6), SAID) == []


def test_what_was_prepared_is_let_go_of_with_the_session_or_when_the_conversation_stays():
    for let_go in (Connection.lost, Connection.stay, Connection.close):
        connection = opened()
        connection.expiring(Expiring(60.0), 5)
        connection.change_over(10, SAID)
        connection.prepared(Prepared("local", 24_000))
        let_go(connection)
        assert connection.change_over(20, SAID) == []


def test_a_session_that_could_not_be_prepared_is_recorded():
    record = opened().unprepared(Unprepared("local", "no"), 7)
    assert record == Record(entries.SessionUnprepared(7, "local", "no"))
