"""The kiosk link's token: one at a time, and nobody else's to read."""

import pytest

from device.page.link import FILE, ensure, renew, token


def test_there_is_none_before_one_is_made(tmp_path):
    assert token(tmp_path) == ""
    assert token(tmp_path / "nowhere") == ""


def test_it_stays_until_another_is_made(tmp_path):
    first = ensure(tmp_path)
    assert (ensure(tmp_path), token(tmp_path)) == (first, first)
    second = renew(tmp_path)
    assert token(tmp_path) == second != first


def test_nobody_else_reads_it(tmp_path):
    ensure(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("written", [b"", b"short", b"x" * 23, b"\xff" * 22, b"root:$6$salt$hash:19000:0:99999:7:::\n"])
def test_what_is_no_token_lets_nobody_in(tmp_path, written):
    (tmp_path / FILE).write_bytes(written)
    assert token(tmp_path) == ""
