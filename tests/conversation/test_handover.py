from device.conversation.actions import Prepare, Switch
from device.conversation.engine import Prepared, Said
from device.conversation.failover import BETTER_AFTER, Failover
from device.conversation.handover import AGAIN, Handover
from device.sample_clock import samples

ONE = (Said("user", "one"),)
TWO = (*ONE, Said("assistant", "two"))


def handover() -> Handover:
    failover = Failover(("best", "local"))
    failover.begin(0)
    failover.opened(0)
    return Handover(failover)


def test_nothing_is_due_in_a_usual_session() -> None:
    assert handover().step(samples(10**7), ONE) == (None, None)


def test_a_session_that_ends_soon_is_renewed_in_a_pause() -> None:
    over = handover()
    over.expiring(5)
    assert over.step(10, ONE) == (Prepare(ONE, "best"), None)
    assert over.step(20, ONE) == (None, None), "one at a time"
    fresh = Prepared("best", 24_000)
    over.prepared(fresh)
    assert over.step(30, ONE) == (Switch(), fresh)
    assert over.step(40, ONE) == (None, None)


def test_what_was_said_meanwhile_is_told_to_another_one() -> None:
    over = handover()
    over.expiring(5)
    over.step(10, ONE)
    over.prepared(Prepared("best", 24_000))
    assert over.step(20, TWO) == (Prepare(TWO, "best"), None)
    over.prepared(Prepared("best", 24_000))
    assert over.step(30, TWO)[0] == Switch()


def test_a_renewal_that_fails_is_tried_again_later() -> None:
    over = handover()
    over.expiring(5)
    over.step(10, ONE)
    over.unprepared(20)
    assert over.step(19 + AGAIN, ONE) == (None, None)
    assert over.step(20 + AGAIN, ONE) == (Prepare(ONE, "best"), None)


def test_a_better_engine_takes_over() -> None:
    failover = Failover(("best", "local"))
    failover.begin(0)
    failover.failed(0, retry=True)
    failover.opened(0)
    over = Handover(failover)
    assert over.step(BETTER_AFTER, ONE) == (Prepare(ONE, "best"), None)
    over.prepared(Prepared("best", 16_000))
    over.step(BETTER_AFTER + 1, ONE)
    assert failover.current == "best"


def test_what_was_asked_for_before_the_session_was_lost_does_not_count() -> None:
    over = handover()
    over.expiring(5)
    over.step(10, ONE)
    over.forget()
    over.prepared(Prepared("best", 24_000))
    assert over.step(30, ONE) == (None, None)
