import os
import socket
import threading

import pytest

from device.audio.card.link import Cut, Find, Link, Open, Order, Play


@pytest.fixture
def ends():
    """The daemon's end, and the one of the card's process."""
    ours, theirs = (Link(end, Order) for end in socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


def test_messages_come_as_they_went(ends):
    ours, theirs = ends
    sent = [Find("module:name", {"input": "default", "rate": 0}), Play(3, b"\1\2" * 10), Cut(30)]
    for message in sent:
        ours.send(message)
    assert [theirs.receive(10) for _ in sent] == sent
    assert theirs.receive(0) is None
    assert theirs.receive(0.01) is None


def test_files_come_along(ends):
    ours, theirs = ends
    reading, writing = os.pipe()
    ours.send(Open(1.0, 40, 0.5), (writing,))
    os.close(writing)
    assert theirs.receive(10) == Open(1.0, 40, 0.5)
    (file,) = theirs.files
    os.write(file, b"x")
    assert os.read(reading, 1) == b"x"
    for end in (reading, file):
        os.close(end)


def test_nobody_waits_for_a_side_that_does_not_read(ends):
    ours, theirs = ends
    sent = [Play(n, bytes([n]) * 300_000) for n in range(20)]
    done = threading.Event()

    def send():
        for message in sent:
            ours.send(message)
        ours.send(Cut(7))
        done.set()

    threading.Thread(target=send, daemon=True).start()
    assert done.wait(10), "6 MB that nobody has read"
    assert [theirs.receive(10) for _ in sent] == sent
    assert theirs.receive(10) == Cut(7), "in their order"
    ours.send(Cut(8))
    assert theirs.receive(10) == Cut(8)


def test_the_end_of_the_other_side_is_told_after_all_it_said(ends):
    ours, theirs = ends
    ours.send(Cut(1))
    ours.close()
    assert theirs.receive(10) == Cut(1)
    with pytest.raises(EOFError):
        theirs.receive(10)


def test_what_is_sent_to_nobody_is_dropped(ends):
    ours, theirs = ends
    theirs.close()
    for _ in range(10):
        ours.send(Play(1, bytes(300_000)))
    with pytest.raises(EOFError):
        ours.receive(10)
    ours.close()
    ours.send(Cut(1))
    with pytest.raises(EOFError):
        ours.receive(10)
