import logging
import threading

import pytest

from device.local.brain.discovery import Found, Place, Search
from device.local.brain.models import Model
from device.local.brain.server import Server, not_found
from device.settings.local import BrainSettings

AUTO = BrainSettings(url="auto")
THERE = Search(Found(Place("127.0.0.1", 11434), Model("llama3.2:3b")), ())
NOTHING = Search(None, ("no server answers at 127.0.0.1",))


class Looks:
    """Finds what it is given, one after the other, and tells when the last was asked for."""

    def __init__(self, *found):
        self.found = list(found)
        self.done = threading.Event()

    async def __call__(self, settings):
        found = self.found.pop(0)
        if not self.found:
            self.found.append(found)
            self.done.set()
        return found


def test_one_that_is_named_is_asked_and_not_looked_for(caplog):
    server = Server(BrainSettings(url="http://127.0.0.1:1/v1"))
    server.begin()
    completions = server.completions
    assert completions is not None
    server.lost()
    assert server.completions is completions
    assert caplog.records == []


def test_until_one_is_found_there_is_none_and_that_is_said_once(caplog):
    server = Server(AUTO)
    assert server.completions is None
    server.take(NOTHING)
    server.take(NOTHING)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "no chat server was found on 127.0.0.1" in caplog.text
    assert "no server answers" in caplog.text


def test_one_that_is_lost_is_no_longer_asked_and_found_again(caplog):
    caplog.set_level(logging.INFO)
    server = Server(AUTO)
    server.take(THERE)
    assert server.completions is not None
    server.lost()
    server.lost()
    assert server.completions is None
    server.take(THERE)
    assert server.completions is not None
    said = [record.message.split(":")[0] for record in caplog.records]
    assert said == [
        "The language model is llama3.2",
        "The chat server that was found is gone",
        "The language model is llama3.2",
    ]


@pytest.mark.parametrize("found", [(THERE,), (NOTHING, NOTHING, THERE)])
def test_it_is_looked_for_in_the_background_until_it_is_there(found):
    looks = Looks(*found)
    server = Server(AUTO, looks, again_s=0.01)
    server.begin()
    assert looks.done.wait(30)


def test_where_a_machine_is_named_it_is_named_in_what_is_said():
    told = not_found(BrainSettings(url="auto", host="box.local"), NOTHING)
    assert "box.local or 127.0.0.1" in told
