from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.panel.button import BOUNCE_S, CONFIRM_S, DOUBLE_S, LONG_S, RESET_S, Contact, Gesture, Gestures

PRESS, CLICK, DOUBLE, LONG, CODE, RESET, CONFIRM, RELENT = Gesture


def meant(edges, until=60.0):
    """Return the gestures, each with its time; `edges` are the times at which the button changes, first down."""
    gestures, told, down = Gestures(), [], False
    for t in [*edges, until]:
        while gestures.due is not None and gestures.due < t:
            due = gestures.due
            told += [(round(due, 3), gesture) for gesture in gestures.tick(due)]
        if t < until:
            down = not down
            told += [(t, gesture) for gesture in gestures.edge(t, down=down)]
    return told


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        ([1, 1.1], [(1, PRESS), (1.1, CLICK)]),
        # A second press acts at its edge; what it is let go for means no more.
        ([1, 1.1, 1.4, 1.5], [(1, PRESS), (1.1, CLICK), (1.4, DOUBLE)]),
        ([1, 1.1, 1.6, 1.7], [(1, PRESS), (1.1, CLICK), (1.6, PRESS), (1.7, CLICK)]),
        # A third ends what the second began.
        ([1, 1.1, 1.3, 1.4, 1.6, 1.7], [(1, PRESS), (1.1, CLICK), (1.3, DOUBLE), (1.6, PRESS), (1.7, CLICK)]),
        ([1, 2.5], [(1, PRESS), (2, LONG)]),
        ([1, 1.999], [(1, PRESS), (1.999, CLICK)]),
        # After a long press, the next is none of a pair.
        ([1, 2.5, 2.6, 2.7], [(1, PRESS), (2, LONG), (2.6, PRESS), (2.7, CLICK)]),
        # A double press that is held mutes, too.
        ([1, 1.1, 1.3, 2.6], [(1, PRESS), (1.1, CLICK), (1.3, DOUBLE), (2.3, LONG)]),
        ([1, 6.5], [(1, PRESS), (2, LONG), (6, CODE)]),
        ([1, 12, 15, 15.1], [(1, PRESS), (2, LONG), (6, CODE), (11, RESET), (15, CONFIRM)]),
        ([1, 12], [(1, PRESS), (2, LONG), (6, CODE), (11, RESET), (22, RELENT)]),
        ([1, 12, 23, 23.1], [(1, PRESS), (2, LONG), (6, CODE), (11, RESET), (22, RELENT), (23, PRESS), (23.1, CLICK)]),
        # Whoever keeps on holding has not confirmed: only another press does.
        ([1, 40, 41, 41.1], [(1, PRESS), (2, LONG), (6, CODE), (11, RESET), (41, CONFIRM)]),
        # A confirmation that is held for long is nothing else.
        (
            [1, 12, 13, 30, 31, 31.1],
            [(1, PRESS), (2, LONG), (6, CODE), (11, RESET), (13, CONFIRM), (31, PRESS), (31.1, CLICK)],
        ),
    ],
)
def test_what_presses_mean(edges, told):
    assert meant(edges) == told


EDGES = st.lists(st.floats(0.01, 14.0), max_size=12).map(lambda gaps: [sum(gaps[: n + 1]) for n in range(len(gaps))])


@given(EDGES)
def test_whatever_happens_a_press_acts_at_its_edge_and_only_a_second_one_resets(edges):
    told = meant(edges, until=1000.0)
    at_edges = [t for t, gesture in told if gesture in (PRESS, DOUBLE, CONFIRM)]
    assert at_edges == edges[::2]
    order = [gesture for _, gesture in told]
    for n, gesture in enumerate(order):
        if gesture is CONFIRM:
            assert order[n - 1] is RESET
        elif gesture is RESET:
            assert order[n - 1] is CODE
    for (t, first), (then, second) in pairwise(told):
        if second is DOUBLE:
            assert first is CLICK
            assert then - t <= DOUBLE_S + 1e-6


@given(EDGES)
def test_late_looks_at_the_clock_change_nothing_but_the_time(edges):
    """Where the event loop was busy, the same is meant."""
    lazy, told, down = Gestures(), [], False
    for t in edges:
        down = not down
        told += lazy.edge(t, down=down)
    told += lazy.tick(1000.0)
    assert told == [gesture for _, gesture in meant(edges, until=1000.0)]


def test_edges_that_are_none_mean_nothing():
    gestures = Gestures()
    assert gestures.edge(1.0, down=False) == []
    assert gestures.edge(2.0, down=True) == [PRESS]
    assert gestures.edge(2.1, down=True) == []
    assert gestures.due == 2.0 + LONG_S


def test_the_light_can_tell_that_a_reset_waits():
    gestures = Gestures()
    gestures.edge(0.0, down=True)
    gestures.tick(RESET_S - 0.1)
    assert not gestures.asking
    gestures.tick(RESET_S)
    assert gestures.asking
    gestures.edge(12.0, down=False)
    assert gestures.asking
    gestures.tick(12.0 + CONFIRM_S)
    assert not gestures.asking


def counted(edges):
    """Return the edges that count of `(time, down)`, each with when it did."""
    contact, told = Contact(), []
    for t, down in [*edges, (1000.0, False)]:
        while contact.due is not None and contact.due <= t:
            due = contact.due
            told += [(round(due, 4), edge) for edge in contact.tick(due)]
        if t < 1000.0:
            told += [(t, edge) for edge in contact.edge(t, down=down)]
    return told


def test_a_press_counts_at_its_first_edge_and_its_bounces_do_not():
    edges = [(1.0, True), (1.002, False), (1.003, True), (1.005, False), (1.006, True), (1.2, False), (1.201, True)]
    edges += [(1.204, False), (1.205, False)]
    assert counted(edges) == [(1.0, (1.0, True)), (1.224, (1.204, False))]


def test_a_contact_may_bounce_for_longer():
    contact = Contact(0.05)
    contact.edge(1.0, down=True)
    contact.edge(1.1, down=False)
    assert contact.due == pytest.approx(1.15)
    assert contact.edge(1.14, down=True) == []


def test_a_double_press_is_two():
    assert [edge for _, edge in counted([(1.0, True), (1.05, False), (1.09, True), (1.2, False)])] == [
        (1.0, True),
        (1.05, False),
        (1.09, True),
        (1.2, False),
    ]


@given(st.lists(st.tuples(st.floats(0.0005, 0.1), st.booleans()), max_size=30))
def test_whatever_a_contact_does_what_counts_alternates_and_no_release_is_shorter_than_a_bounce(steps):
    t, edges = 1.0, []
    for gap, down in steps:
        t += gap
        edges.append((t, down))
    told = counted(edges)
    assert [down for _, (_, down) in told] == [n % 2 == 0 for n in range(len(told))]
    for (_, (at, down)), (_, (after, _)) in pairwise(told):
        assert down or after - at >= BOUNCE_S - 1e-9
    if edges and edges[-1][1] is False:
        assert not told or told[-1][1][1] is False, "what is up at last counts as up"
    for when, (at, down) in told:
        assert when == at if down else when == pytest.approx(at + BOUNCE_S, abs=1e-3)
