"""What is read again, and what is not."""

import hashlib
import os

import pytest

from device.model_files import download, files, verified
from device.model_files.download import Checked
from device.model_files.files import Manifest, ModelError, ModelFile, Source

RIGHT, WRONG = b"right" * 100, b"wrong" * 100
WANT = Checked(sha256=hashlib.sha256(RIGHT).hexdigest(), size=len(RIGHT))


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    path = tmp_path / "model.onnx"
    path.write_bytes(RIGHT)
    return path


@pytest.fixture
def reads(monkeypatch):
    read = []
    whole = download.sha256_of

    def counting(path):
        read.append(path)
        return whole(path)

    monkeypatch.setattr(download, "sha256_of", counting)
    return read


def test_a_file_is_read_once(model, reads, tmp_path):
    assert [verified.fault(model, WANT) for _ in range(3)] == ["", "", ""]
    assert reads == [model]
    assert (tmp_path / "state" / verified.FILE).exists()


def touched(model):
    os.utime(model, ns=(1, 1))


def rewritten(model):
    """Another content, the time set back to what it was."""
    was = model.stat()
    model.write_bytes(WRONG)
    os.utime(model, ns=(was.st_atime_ns, was.st_mtime_ns))


def replaced(model):
    was = model.stat()
    other = model.with_suffix(".new")
    other.write_bytes(WRONG)
    os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
    other.replace(model)


@pytest.mark.parametrize(("change", "fault"), [(touched, ""), (rewritten, "wrong sha256"), (replaced, "wrong sha256")])
def test_what_has_changed_is_read_again(model, reads, change, fault):
    verified.fault(model, WANT)
    change(model)
    assert verified.fault(model, WANT) == fault
    assert len(reads) == 2


def test_another_file_is_wanted_than_before(model, reads):
    verified.fault(model, WANT)
    other = Checked(sha256=hashlib.sha256(WRONG).hexdigest(), size=len(RIGHT))
    assert verified.fault(model, other) == "wrong sha256"


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b'{"a": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_kept_may_be_anything(model, reads, tmp_path, kept):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / verified.FILE).write_bytes(kept)
    assert verified.fault(model, WANT) == ""
    assert verified.fault(model, WANT) == ""
    assert reads == [model]


def test_a_state_that_cannot_be_written_costs_time_only(model, reads, tmp_path):
    (tmp_path / "state").write_text("a file")
    assert [verified.fault(model, WANT) for _ in range(2)] == ["", ""]
    assert len(reads) == 2


def test_a_wrong_file_of_the_right_size_is_not_loaded(model):
    file = ModelFile(name="model.onnx", purpose="a test", sha256=WANT.sha256, size=WANT.size)
    manifest = Manifest((Source(licence="MIT", sha256=WANT.sha256, size=WANT.size, file=(file,)),))
    assert files.find("model.onnx", str(model.parent), manifest) == model
    model.write_bytes(WRONG)
    with pytest.raises(ModelError, match=r"not the right file.*wrong sha256.*models fetch"):
        files.find("model.onnx", str(model.parent), manifest)
