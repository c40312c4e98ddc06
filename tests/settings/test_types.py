"""Values of settings, and secrets, which nobody sees who does not ask."""

import copy
import pickle

import msgspec
import pytest

from device.settings.types import OptionalAddress, OptionalSocket, Seconds, Secret, Section, Socket, Unit

KEY = "sk-this-must-never-be-seen"


def test_a_secret_is_true_if_there_is_one():
    assert not Secret(" \n")
    assert Secret("x") == Secret("x\n") != Secret("y")
    assert len({Secret("x"), Secret("x")}) == 1


def test_a_secret_shows_itself_only_by_reveal():
    secret = Secret(f" {KEY}\n")
    assert secret.reveal() == KEY
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    for give_away in (pickle.dumps, copy.copy, msgspec.json.encode):
        with pytest.raises(TypeError):
            give_away(secret)


def test_a_secret_is_no_text_that_is_the_same():
    assert Secret("x") != "x"


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (Socket, ("ws://a", "wss://a/b?c"), ("", "http://a", "ws://", "ws://a b")),
        (OptionalSocket, ("", "ws://a"), ("http://a", "a")),
        (OptionalAddress, ("", "http://a", "https://a"), ("ws://a", "a")),
        (Unit, (0, 1, 0.5), (-0.1, 1.1)),
        (Seconds, (0.1, 86_400), (0, -1, 86_401)),
    ],
)
def test_what_each_kind_admits(kind, right, wrong):
    for value in right:
        assert msgspec.convert(value, kind) == value
    for value in wrong:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)


def test_a_section_knows_its_keys_and_stays_as_it_is():
    class Table(Section, frozen=True):
        a: int = 0

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"b": 1}, Table)
    with pytest.raises(AttributeError):
        Table().a = 1
