import os

import pytest

from device.audio.card.holders import Holder, holders, with_holders

STATUS = "state: RUNNING\nowner_pid   : {}\ntrigger_time: 12.3\n"


@pytest.fixture
def kernel(tmp_path):
    """Writes what the kernel tells: streams of cards, and programs."""
    asound, proc = tmp_path / "asound", tmp_path / "proc"

    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    write(asound / "card0" / "id", "Device\n")
    write(asound / "card0" / "pcm0p" / "sub0" / "status", "closed\n")
    write(asound / "card0" / "pcm0c" / "sub0" / "status", STATUS.format(812))
    write(asound / "card1" / "pcm0p" / "sub0" / "status", STATUS.format(9))
    write(proc / "812" / "comm", "pulse\x1b[31maudio\n")
    return asound, proc


def test_who_has_a_stream_open_is_named(kernel):
    assert holders(*kernel) == [Holder("Device", True, 812, "pulse\\u001b[31maudio"), Holder("1", False, 9, "")]


def test_one_that_this_process_has_open_is_held_by_nobody_else(kernel):
    status = kernel[0] / "card0" / "pcm0c" / "sub0" / "status"
    status.write_text(STATUS.format(os.getpid()))
    assert [holder.pid for holder in holders(*kernel)] == [9]


def test_an_error_says_who_it_is_and_what_to_do(kernel):
    assert str(with_holders("no microphone was found", *kernel)) == (
        "no microphone was found. In use: the microphone of the card Device is held by pulse\\u001b[31maudio "
        "(process 812); the loudspeaker of the card 1 is held by process 9. End it, or have it use another card"
    )


def test_without_cards_nobody_holds_one(tmp_path):
    assert holders(tmp_path, tmp_path) == []
    assert str(with_holders("no microphone was found", tmp_path, tmp_path)) == "no microphone was found"
