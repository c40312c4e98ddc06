import pytest

from device.daemon.kept_lists import ASIDE, FILE, KeptLists
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of


def new(folder):
    lists = Lists(words_of("en"))
    kept = KeptLists(folder, lists)
    kept.recall()
    return lists, kept


def test_lists_are_there_again(tmp_path):
    lists, kept = new(tmp_path)
    kept.look()
    assert not (tmp_path / FILE).exists()
    lists.add("", ["milk", "crème fraîche"])
    kept.look()
    again, kept = new(tmp_path)
    assert again.read("shopping") == ("milk", "crème fraîche")
    again.clear("")
    kept.look()
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"shopping": "milk"}', b"\xff\xfe", b'{"shopping": ["milk"'])
def test_a_file_that_cannot_be_read_is_put_aside(tmp_path, content, caplog):
    (tmp_path / FILE).write_bytes(content)
    lists, kept = new(tmp_path)
    assert lists.all == {}
    assert FILE in caplog.text
    assert (tmp_path / ASIDE).read_bytes() == content
    lists.add("", ["milk"])
    kept.look()
    assert new(tmp_path)[0].read("") == ("milk",)


def test_a_long_file_is_kept_whole(tmp_path):
    entries = [f"thing {n}" for n in range(10_000)]
    lists, kept = new(tmp_path)
    lists.resume({"shopping": entries})
    kept.look()
    assert list(new(tmp_path)[0].read("")) == entries


def test_a_disk_that_cannot_be_written_is_told_once(tmp_path, caplog):
    (tmp_path / "state").touch()
    lists = Lists(words_of("en"))
    kept = KeptLists(tmp_path / "state", lists)
    lists.add("", ["milk"])
    kept.look()
    kept.look()
    assert caplog.text.count("lists will not outlast a restart") == 1
    assert lists.read("") == ("milk",)
