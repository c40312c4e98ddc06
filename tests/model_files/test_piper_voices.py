import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device.model_files import download
from device.model_files.files import ModelError
from device.model_files.piper_voices import fetch_voice, is_name

NAME = "en_US-amy-medium"
FOLDER = "en/en_US/amy/medium"
FILES = {
    f"{FOLDER}/{NAME}.onnx": b"model" * 1000,
    f"{FOLDER}/{NAME}.onnx.json": b"{}",
    f"{FOLDER}/MODEL_CARD": b"licence",
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        body = self.server.content.get(self.path.lstrip("/"))
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download.time, "sleep", lambda _: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        server.content = dict(FILES)
        server.address = f"http://127.0.0.1:{server.server_port}/"
        server.listed = {
            path: {"size_bytes": len(data), "md5_digest": hashlib.md5(data).hexdigest()} for path, data in FILES.items()
        }
        server.others = {"en_US-lessac-high": {"files": {}}}
        yield server
        server.shutdown()


def fetch(server, tmp_path, name=NAME):
    if "voices.json" not in server.content:
        server.content["voices.json"] = json.dumps({NAME: {"files": server.listed}, **server.others}).encode()
    return fetch_voice(name, str(tmp_path), address=server.address)


def test_a_voice_is_fetched_once(server, tmp_path):
    fetched = fetch(server, tmp_path)
    assert sorted(path.name for path in fetched) == [f"{NAME}.MODEL_CARD", f"{NAME}.onnx", f"{NAME}.onnx.json"]
    assert all(path.parent == tmp_path / "voices" for path in fetched)
    assert (tmp_path / "voices" / f"{NAME}.onnx").read_bytes() == FILES[f"{FOLDER}/{NAME}.onnx"]
    assert fetch(server, tmp_path) == []
    (tmp_path / "voices" / f"{NAME}.onnx").write_bytes(b"truncated")
    assert [path.name for path in fetch(server, tmp_path)] == [f"{NAME}.onnx"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.content.update({f"{FOLDER}/{NAME}.onnx": b"other" * 1000}), "wrong md5"),
        (lambda s: s.content.update({f"{FOLDER}/{NAME}.onnx": b"short"}), "5 bytes"),
        (lambda s: s.content.pop(f"{FOLDER}/{NAME}.onnx.json"), "404"),
        (lambda s: s.listed.pop(f"{FOLDER}/{NAME}.onnx.json"), r"has no en_US-amy-medium\.onnx\.json"),
        (lambda s: s.listed[f"{FOLDER}/{NAME}.onnx"].update(md5_digest="../x"), "not what it was"),
        (lambda s: s.listed[f"{FOLDER}/{NAME}.onnx"].update(size_bytes=-1), "not what it was"),
        (lambda s: s.content.update({"voices.json": b"<html>"}), "not what it was"),
        (lambda s: s.content.update({"voices.json": b"[" * 100_000}), "not what it was"),
        (lambda s: s.content.update({"voices.json": b" " * 10_000_001}), "cannot be right"),
        (lambda s: setattr(s, "address", "http://127.0.0.1:9/"), "cannot fetch the voice"),
        (lambda s: setattr(s, "address", "ftp://example.com/"), "not an http"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_left_that_could_be_taken_for_a_voice(server, tmp_path, change, said):
    change(server)
    with pytest.raises(ModelError, match=said):
        fetch(server, tmp_path)
    assert not {path.name for path in tmp_path.rglob("*")} >= {f"{NAME}.onnx", f"{NAME}.onnx.json"}


def test_names_that_are_like_it_are_told(server, tmp_path):
    with pytest.raises(ModelError, match=r'no "en_US-amy-high"; there are en_US-amy-medium, en_US-lessac-high'):
        fetch(server, tmp_path, "en_US-amy-high")


def test_a_folder_that_cannot_be_written(server, tmp_path):
    (tmp_path / "voices").touch()
    with pytest.raises(ModelError, match="cannot write"):
        fetch(server, tmp_path)


@pytest.mark.parametrize(
    ("name", "one"),
    [(NAME, True), ("de_DE-thorsten_emotional-medium", True), ("nl_BE-nathalie-x_low", True), ("hey_jarvis", False)]
    + [(name, False) for name in ("", "alexa.onnx", "../en_US-amy-medium", "en_US-amy-medium.onnx", "en-amy-medium")],
)
def test_what_may_be_the_name_of_a_voice(name, one):
    assert is_name(name) is one
