import pytest

from device.local import unmet
from device.local.unmet import counts, note

DAY = 86_400


@pytest.fixture
def path(tmp_path):
    return tmp_path / "unmet.json"


def test_what_was_asked_for_is_counted_for_a_month(path, monkeypatch):
    for day, kind in ((0, "music"), (1, "weather"), (1, "weather"), (40, "weather"), (41, "music")):
        monkeypatch.setattr(unmet.time, "time", lambda day=day: (20_000 + day) * DAY + 5.0)
        note(kind, path)
    assert counts(path) == {"music": 1, "weather": 1}
    assert "20001" not in path.read_text()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"x": {"music": 1}}', b'{"1": 5}', b"\xff"])
def test_a_file_that_cannot_be_read_counts_for_nothing(path, content):
    path.write_bytes(content)
    assert counts(path) == {}
    note("music", path)
    assert counts(path) == {"music": 1}


def test_a_disk_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").touch()
    note("music", tmp_path / "file" / "unmet.json")
