"""What is kept, told by the door: read, found, exported in pieces and deleted; and what engines cost."""

import csv
import io
import json

import pytest
from support.transcripts import NOW, Desk

from device.conversation import entries
from device.daemon.aside import Aside
from device.daemon.upkeep.records import LONGEST_SAID, Records
from device.door import messages as m
from device.door import upkeep as u
from device.door.server import Peer, Refusal
from device.records.transcripts import FILE
from device.settings.tree import Settings
from device.system.paths import state_dir

OTHER = Peer(65_534, 1)


class Asked:
    """Somebody at the door."""

    def __init__(self):
        self.answers = Records(Settings(), Aside()).answers

    async def answer(self, request, peer):
        return await self.answers[type(request)](request, peer)


@pytest.fixture
def requests():
    return Asked()


async def refused(requests, request):
    with pytest.raises(Refusal) as refusal:
        await requests.answer(request, OTHER)
    return refusal.value.error


def converse(*texts):
    for text in texts:
        desk = Desk(state_dir() / FILE, began=NOW)
        desk.wake(10)
        desk(11, entries.User, text=text)
        desk.sleep(20)
        desk.close()


async def file_of(requests, kind, most=2):
    """Return all pieces of an export as a file, and how many there were."""
    pieces, before = [], ""
    while True:
        piece = await requests.answer(u.ExportTranscripts(kind, before, most), OTHER)
        pieces.append(piece.text)
        if not (before := piece.next):
            return "".join(pieces), len(pieces)


async def test_what_was_said_is_told_found_and_deleted(requests):
    hostile = "<script>\x1b[2J" + "x" * 1_000_000
    converse("Hello", hostile)
    first = await requests.answer(m.GetTranscripts(most=1), OTHER)
    second = await requests.answer(m.GetTranscripts(most=1, before=first.next), OTHER)
    texts = [one.transcripts[0].lines[-1].text for one in (first, second)]
    assert texts == [hostile[:LONGEST_SAID], "Hello"]
    assert (first.transcripts[0].clipped, second.transcripts[0].clipped, second.next) == (True, False, "")
    assert len(m.encode(first)) < m.LONGEST_REPLY
    found = await requests.answer(m.GetTranscripts(search="hELLO"), OTHER)
    assert [one.id for one in found.transcripts] == [second.transcripts[0].id]
    assert (await refused(requests, m.DeleteTranscripts())).code == "invalid"
    assert (await refused(requests, m.DeleteTranscripts(("x",), all=True))).code == "invalid"
    assert await requests.answer(m.DeleteTranscripts((found.transcripts[0].id,)), OTHER) == m.Deleted(1)
    assert await requests.answer(m.DeleteTranscripts(all=True), OTHER) == m.Deleted(1)


async def test_a_store_that_is_damaged_is_named(requests):
    path = state_dir() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database at all" * 100)
    error = await refused(requests, m.GetTranscripts())
    assert (error.code, str(path) in error.what) == ("failed", True)


async def test_costs_without_any_are_none(requests):
    assert await requests.answer(m.GetCosts(), OTHER) == m.CostsAre(())


@pytest.mark.parametrize("most", [1, 2, 50])
async def test_the_pieces_of_an_export_are_one_file(requests, most):
    converse("One", "Two", "=3", 'Fo"ur', "Five")
    text, pieces = await file_of(requests, "json", most)
    assert [one["lines"][-1]["text"] for one in json.loads(text)] == ["Five", 'Fo"ur', "=3", "Two", "One"]
    assert pieces == -(-5 // most)
    text, _ = await file_of(requests, "csv", most)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["text"] for row in rows if row["kind"] == "user"] == ["Five", 'Fo"ur', "'=3", "Two", "One"]
    text, _ = await file_of(requests, "txt", most)
    assert text.count("You: ") == 5
    assert text.count("\n\n") == 4


async def test_without_any_the_files_are_empty(requests):
    assert json.loads((await file_of(requests, "json"))[0]) == []
    assert len((await file_of(requests, "csv"))[0].splitlines()) == 1
    assert (await file_of(requests, "txt"))[0] == "\n"


async def test_an_export_controls_no_terminal_and_no_text_is_without_end(requests):
    converse("\x1b]0;owned\x07\x9b2J\u202e" + "x" * 1_000_000)
    for kind in ("json", "csv", "txt"):
        text, _ = await file_of(requests, kind)
        assert not set(text) & set("\x1b\x07\x9b\u202e")
        assert "owned" in text
        assert len(text) < LONGEST_SAID + 2000
