import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device.model_files.download import Checked, DownloadError, download

CONTENT = bytes(range(256)) * 1024
WANT = Checked(sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT))


class Server(ThreadingHTTPServer):
    """A server of one file that misbehaves as it is told; `asked` are the ranges that were asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.ranges = True
        self.cut_after = None
        self.cuts = 0
        self.answers = []
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        wanted = self.headers.get("Range")
        server.asked.append(wanted)
        if server.answers:
            self.send_error(server.answers.pop(0))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        if start and start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.cut_after is not None and server.cuts > 0:
            server.cuts -= 1
            body = body[: server.cut_after]
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "file"


@pytest.fixture
def naps():
    return []


def test_no_proxy_leads_to_this_machine(server, target, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # where nobody listens
    for host in ("127.0.0.1", "localhost"):
        download(
            f"http://{host}:{server.server_port}/file", target, WANT, sleep=lambda _: pytest.fail("it was not there")
        )
        assert target.read_bytes() == CONTENT
        target.unlink()


def part_of(target):
    return target.with_name("file.part")


def test_what_arrives_whole_gets_its_name(server, target, naps):
    seen = []
    download(server.url, target, WANT, lambda *told: seen.append(told), naps.append)
    assert target.read_bytes() == CONTENT
    assert seen[-1] == ("file", WANT.size, WANT.size)
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})
    assert not part_of(target).exists()
    assert naps == []


def test_a_broken_download_goes_on_where_it_broke(server, target, naps):
    server.cut_after, server.cuts = 100_000, 2
    download(server.url, target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=100000-", "bytes=200000-"]
    assert naps == [1, 1], "bytes were gained, so there is no reason to wait longer"


def test_an_interrupted_download_goes_on_in_a_later_run(server, target, naps):
    def interrupt(_name, done, _size):
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(server.url, target, WANT, interrupt, naps.append)
    kept = part_of(target).stat().st_size
    assert 0 < kept < WANT.size
    download(server.url, target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    assert server.asked[1:] == [f"bytes={kept}-"]


def test_a_server_without_ranges_begins_again(server, target, naps):
    server.ranges, server.cut_after, server.cuts = False, 100_000, 2
    download(server.url, target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    assert naps == [1, 2], "the second attempt gained nothing on the first"


def test_a_busy_server_is_asked_again_later_each_time(server, target, naps):
    server.answers = [503, 429, 500]
    download(server.url, target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    assert naps == [1, 2, 4]


def test_after_five_failures_it_is_given_up_and_what_arrived_stays(server, target, naps):
    server.cut_after, server.cuts = 100_000, 1

    def nap(seconds):
        naps.append(seconds)
        server.answers = [503]

    with pytest.raises(DownloadError, match="503 Service Unavailable; 100000 of 262144 bytes are kept"):
        download(server.url, target, WANT, sleep=nap)
    assert naps == [1, 2, 4, 8, 16]
    assert part_of(target).read_bytes() == CONTENT[:100_000]
    assert not target.exists()


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_refusal_is_final(code, server, target, naps):
    server.answers = [code]
    with pytest.raises(DownloadError, match=f"file: the server answered {code}"):
        download(server.url, target, WANT, sleep=naps.append)
    assert naps == []


def test_wrong_bytes_never_get_the_name(server, target, naps):
    server.content = CONTENT[::-1]
    with pytest.raises(DownloadError, match="file: the server sends a file of wrong sha256"):
        download(server.url, target, WANT, sleep=naps.append)
    assert list(target.parent.iterdir()) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("size", [0, 1000, WANT.size + 1])
def test_another_size_is_told_from_the_pinned_one(size, server, target, naps):
    server.content = (CONTENT * 2)[:size]
    with pytest.raises(DownloadError, match=f"file: the server has {size} bytes, but {WANT.size} are pinned"):
        download(server.url, target, WANT, sleep=naps.append)
    assert not target.exists()


def test_rubbish_left_by_an_earlier_run_is_replaced(server, target, naps):
    target.parent.mkdir()
    for left in (b"x" * 1000, b"x" * WANT.size, b"x" * (WANT.size + 5)):
        part_of(target).write_bytes(left)
        download(server.url, target, WANT, sleep=naps.append)
        assert target.read_bytes() == CONTENT
        target.unlink()


def test_a_range_that_the_server_does_not_have_begins_again(server, target, naps):
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 5000)
    server.answers = [416]
    download(server.url, target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    assert server.asked == ["bytes=5000-", None]


def test_nobody_there(target, naps):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DownloadError, match="Connection refused; 0 of 262144 bytes are kept"):
            download(f"http://127.0.0.1:{taken.getsockname()[1]}/", target, WANT, sleep=naps.append)
    assert naps == [1, 2, 4, 8, 16]


def test_a_file_address(tmp_path, target, naps):
    (tmp_path / "here").write_bytes(CONTENT)
    download((tmp_path / "here").as_uri(), target, WANT, sleep=naps.append)
    assert target.read_bytes() == CONTENT
    with pytest.raises(DownloadError, match="none"):
        download((tmp_path / "none").as_uri(), tmp_path / "other", WANT, sleep=naps.append)
    with pytest.raises(DownloadError, match="not an http"):
        download("ftp://127.0.0.1/x", tmp_path / "other", WANT, sleep=naps.append)
    assert naps == []


def test_faults(tmp_path):
    path = tmp_path / "file"
    assert WANT.fault(path) == "missing"
    path.write_bytes(CONTENT[1:])
    assert WANT.fault(path) == "wrong size"
    path.write_bytes(CONTENT[1:] + b"x")
    assert WANT.fault(path) == "wrong sha256"
    path.write_bytes(CONTENT)
    assert WANT.fault(path) == ""
