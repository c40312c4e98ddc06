"""Who may see the owner's view: whose cookie it is."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from device.page.owners import COOKIE, FILE, LASTS_S, MOST, Owners


class Clock:
    now = 1e9

    def __call__(self):
        return self.now


def signed_in(owners):
    answer = web.Response()
    owners.sign_in(answer)
    return answer.cookies[COOKIE]


def request(cookie):
    return make_mocked_request("GET", "/", headers={"Cookie": f"{COOKIE}={cookie}"} if cookie else {})


@pytest.mark.parametrize("cookie", ["", "x", "x" * 43, "\N{LATIN SMALL LETTER E WITH ACUTE}" * 43])
def test_a_cookie_that_was_never_given_opens_nothing(tmp_path, cookie):
    owners = Owners(tmp_path)
    signed_in(owners)
    assert not owners.admits(request(cookie))


def test_who_signed_in_is_known_also_to_a_page_that_was_started_anew(tmp_path):
    cookie = signed_in(Owners(tmp_path))
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert Owners(tmp_path).admits(request(cookie.value))
    kept = (tmp_path / FILE).read_text()
    assert cookie.value not in kept, "whoever reads the file is not let in by it"
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_nobody_is_known_for_ever(tmp_path):
    clock = Clock()
    owners = Owners(tmp_path, clock)
    cookie = signed_in(owners)
    clock.now += LASTS_S - 1
    assert owners.admits(request(cookie.value))
    clock.now += 2
    assert not owners.admits(request(cookie.value))
    signed_in(owners)
    assert len(json.loads((tmp_path / FILE).read_text())) == 1


def test_with_too_many_the_first_is_forgotten(tmp_path):
    owners = Owners(tmp_path)
    first, *others = [signed_in(owners) for _ in range(MOST + 1)]
    assert not owners.admits(request(first.value))
    assert all(owners.admits(request(one.value)) for one in others)


@pytest.mark.parametrize("everywhere", [False, True])
def test_who_signs_out_is_forgotten_and_the_others_if_they_shall(tmp_path, everywhere):
    owners = Owners(tmp_path)
    one, other = signed_in(owners), signed_in(owners)
    owners.sign_out(request(one.value), everywhere=everywhere)
    for known in (owners, Owners(tmp_path)):
        assert not known.admits(request(one.value))
        assert known.admits(request(other.value)) is not everywhere


@pytest.mark.parametrize("said", ["", "[]", '{"a": "b"}', "\0"])
def test_a_file_that_is_broken_lets_nobody_in_and_is_told(tmp_path, said, caplog):
    (tmp_path / FILE).write_text(said)
    owners = Owners(tmp_path)
    assert "cannot be read" in caplog.text
    assert owners.admits(request(signed_in(owners).value))


def test_on_a_full_disk_one_is_signed_in_as_long_as_the_page_runs(tmp_path, monkeypatch, caplog):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("device.system.state_file.write", full)
    owners = Owners(tmp_path)
    assert owners.admits(request(signed_in(owners).value))
    assert "No space left" in caplog.text
