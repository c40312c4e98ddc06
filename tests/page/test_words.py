"""The words on the page: every language that has them has all of them."""

import ast
import re
from pathlib import Path

import pytest

import device
from device.page.assets import STATIC
from device.page.words import offered, owner_words, readable, words

OWN = STATIC / "owner"
SECTIONS = re.findall(r'^  "([\w-]+)",$', (OWN / "sections.js").read_text("utf-8"), re.MULTILINE)
DEVICE = Path(device.__file__).parent
PLACES = re.compile(r"\{\w+\}")


def keys(found):
    return {(section, key): sorted(PLACES.findall(text)) for section, one in found.items() for key, text in one.items()}


def test_english_and_german_can_be_read():
    assert {"de", "en"} <= set(readable())


@pytest.mark.parametrize("language", readable())
def test_a_language_has_every_word_with_its_places(language):
    for all_of in (words, owner_words):
        found = {section: one for section, one in all_of(language).items() if section != "problems"}
        assert keys(found) == keys(all_of("en"))
        assert all(text.strip() for section in all_of(language).values() for text in section.values())


REFUSALS = {
    "Refusal",
    "ChangeError",
    "StaleError",
    "NotSaved",
    "Stale",
    "WrongServer",
    "Refused",
    "DoctorError",
    "CannotSay",
}
SAY_SO = (
    *(DEVICE / "daemon").rglob("*.py"),
    *(DEVICE / "settings" / f"{name}.py" for name in ("change", "own_profiles")),
    DEVICE / "door" / "codes.py",
)


def texts(node):
    """Yield the texts that an expression may be, with {} for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.BoolOp(values=ways):
            yield from (text for way in ways for text in texts(way))
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts(one), *texts(other))


def refusals():
    """Return all that the daemon's code says in English of why something is not done."""
    found = set()
    for path in SAY_SO:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in REFUSALS:
                said = node.args[1:] if name == "Refusal" else node.args
                found |= {text for one in said for text in texts(one) if re.search("[a-z]{3}", text)}
    return found


@pytest.mark.parametrize("language", [one for one in readable() if one != "en"])
def test_what_the_daemon_refuses_is_said_in_every_language(language):
    known = owner_words(language)["problems"]
    assert len(refusals()) > 60
    assert refusals() - set(known) == set()
    assert {text for text, own in known.items() if text.count("{}") != own.count("{}")} == set()


def test_every_section_of_the_owner_s_view_is_there_and_has_a_title():
    assert "settings" in SECTIONS
    assert len(SECTIONS) == len(set(SECTIONS))
    for name in SECTIONS:
        assert (OWN / f"{name}.js").exists()
        assert owner_words("en")[name]["title"]


def test_no_word_is_asked_for_that_there_is_not():
    found = owner_words("en")
    asked = [
        (path.name, section, key)
        for path in STATIC.rglob("*.js")
        for section, key in re.findall(r'\.say\("(\w+)", "(\w+)"', path.read_text("utf-8"))
    ]
    assert len(asked) > 20
    assert [one for one in asked if one[2] not in found[one[1]]] == []


def test_the_owner_s_words_hide_none_of_the_kiosk_s():
    assert {name: owner_words("en")[name] for name in words("en")} == words("en")


def test_a_language_without_words_is_english():
    assert words("xx") == words("en")
    assert words("de-AT") == words("de") != words("en")


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        (("de-CH", "en"), ("de", "en")),
        (("de", "de-AT"), ("de",)),
        (("xx", "de"), ("de",)),
        (("xx",), ("en",)),
        ((), ("en",)),
    ],
)
def test_what_is_offered_is_what_there_is(wanted, there):
    assert offered(wanted) == there
