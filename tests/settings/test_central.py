"""The settings of a fleet: who has signed, and what is taken."""

import os

import pytest
from support.fleet import GOOD, Keeper

from device.settings import central
from device.settings.central import AwayError, CentralError, check, fetch, verify
from device.system import paths


@pytest.fixture(scope="module")
def keeper(tmp_path_factory):
    return Keeper(tmp_path_factory.mktemp("keeper"))


@pytest.fixture(autouse=True)
def _nobodys(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(paths, "FLEET", tmp_path / "settings.toml")


DATA = GOOD.encode()


def test_what_one_of_the_keys_has_signed_is_believed(keeper):
    verify(DATA, keeper.sign(DATA), keeper.keys)


def test_nothing_else_is(keeper, tmp_path):
    stranger = Keeper(tmp_path / "stranger", "eve")
    good = keeper.sign(DATA)
    for data, signature, keys in (
        (DATA, stranger.sign(DATA), keeper.keys),
        (DATA + b"\n", good, keeper.keys),
        (DATA, keeper.sign(DATA, "git"), keeper.keys),
        (DATA, good[: len(good) // 2], keeper.keys),
        (DATA, b"", keeper.keys),
        (DATA, os.urandom(2000), keeper.keys),
        (DATA, good, stranger.keys),
    ):
        with pytest.raises(CentralError, match="not signed by a key"):
            verify(data, signature, keys)


def test_a_key_that_is_for_something_else_signs_no_settings(tmp_path):
    releases = Keeper(tmp_path, namespaces="git")
    with pytest.raises(CentralError, match="not signed by a key"):
        verify(DATA, releases.sign(DATA), releases.keys)


def test_without_keys_or_the_program_nobody_is_believed(keeper, tmp_path, monkeypatch):
    with pytest.raises(CentralError, match="which says who may sign"):
        verify(DATA, keeper.sign(DATA), tmp_path / "nowhere")
    signature = keeper.sign(DATA)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CentralError, match="ssh-keygen is missing"):
        verify(DATA, signature, keeper.keys)


def test_settings_are_taken_once_and_those_that_come_later_in_their_place():
    assert check(DATA)
    paths.FLEET.write_bytes(DATA)
    assert not check(DATA), "they are in force already"
    assert check(DATA.replace(b"3", b"4"))
    paths.FLEET.write_bytes(b"\xff broken by somebody")
    assert check(DATA)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace("3", "2"), r"\(2\) are older than those that are in force \(3\)"),
        (GOOD.replace("de", "en"), "called the same as"),
        ('language = "de"\n', "fleet.serial is missing"),
        ("fleet = 4\n", "fleet.serial is missing"),
        ("[fleet]\nserial = true\n", "fleet.serial is missing"),
        ('[fleet]\nserial = "4"\n', "fleet.serial is missing"),
        ('[fleet]\nserial = 4\nurl = "https://evil.example"\n', "serial alone"),
        ('[fleet]\nserial = 4\n[brain]\napi_key = "s3cret"\n', "secrets do not belong .*: brain.api_key"),
        ('[fleet]\nserial = 4\n[metrics]\ntoken = "s3cret"\n', "secrets do not belong .*: metrics.token"),
        ('[fleet]\nserial = 4\n[brain]\nurl = "http://ada:s3cret@box/v1"\n', "secrets do not belong .*: brain.url"),
        ("[fleet]\nserial = 4\n[page]\nport = 99999\n", "page.port"),
        ("[fleet]\nserial = 4\n[pag]\nlan = true\n", "did you mean page"),
        ("[fleet]\nserial = 4\n[page\n", ":3: not TOML"),
        ("\udcff", "not text in UTF-8"),
    ],
    ids=str,
)
def test_what_will_not_do_is_refused_and_says_why(text, why):
    paths.FLEET.write_bytes(DATA)
    with pytest.raises(CentralError, match=why) as refused:
        check(text.encode(errors="surrogateescape"))
    assert "s3cret" not in str(refused.value)
    assert paths.FLEET.read_bytes() == DATA


def test_settings_that_do_not_go_with_the_devices_own_are_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('engines = ["house"]\n')
    with pytest.raises(CentralError, match="house"):
        check(DATA, own)
    bundled = GOOD + '[engine.house]\nprotocol = "realtime"\nurl = "wss://house.example/v1/realtime"\nmodel = "m"\n'
    assert check(bundled.encode(), own)


def test_they_are_fetched_with_their_signature(tmp_path, monkeypatch):
    keeper = Keeper(tmp_path)
    keeper.publish(GOOD)
    with keeper.published() as url:
        data, signature = fetch(url)
        verify(data, signature, keeper.keys)
        assert data == DATA
        with pytest.raises(AwayError, match="answers 404"):
            fetch(url + "x")
        monkeypatch.setattr(central, "LARGEST", 10)
        with pytest.raises(CentralError, match="more than 10 bytes"):
            fetch(url)
    with pytest.raises(AwayError, match="cannot be reached"):
        fetch(url)
