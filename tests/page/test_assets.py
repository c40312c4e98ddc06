"""What browsers load: all of it here, small, and with nothing in it that the headers forbid."""

import gzip
import re

import pytest
from aiohttp.test_utils import make_mocked_request

from device.page.assets import HEADERS, KINDS, STATIC, answer, asset, edition, read_assets

MOST_ON_THE_WIRE = 100_000
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())


def test_all_files_are_read_and_small():
    assets = read_assets()
    assert set(assets) == {path.relative_to(STATIC).as_posix() for path in FILES}
    assert sum(len(one.packed) for one in assets.values()) < MOST_ON_THE_WIRE
    assert all(gzip.decompress(one.packed) == one.data for one in assets.values())


def test_an_edition_is_another_if_any_file_is():
    one, other, third = (asset(text, "text/plain") for text in (b"a", b"b", b"c"))
    assert edition({"a": one, "b": other}) == edition({"b": other, "a": one})
    assert edition({"a": one, "b": other}) != edition({"a": one, "b": third})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere(path):
    assert path.suffix in KINDS
    addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text("utf-8")))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "a name, which is not fetched"


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.html")), ids=lambda path: path.name)
def test_no_script_and_no_style_stands_in_a_page(path):
    text = path.read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text) == []


def test_no_stylesheet_of_the_owner_s_view_changes_what_another_one_has_named():
    """All three are in force in every section: a name that begins a rule in one is that one's alone."""
    named = {}
    for sheet in ("owner.css", "steps.css", "upkeep.css"):
        text = re.sub(r"/\*.*?\*/", "", (STATIC / sheet).read_text("utf-8"), flags=re.DOTALL)
        selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", text) for one in rule.split(",")]
        named[sheet] = {one.rsplit(".", 1)[-1] for one in selectors if re.fullmatch(r"[a-z]*\.[\w-]+|pre|h\d|dl", one)}
    one, two, three = named.values()
    assert (one & two) | (one & three) | (two & three) == set()


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_no_script_makes_markup_of_text(path):
    assert (
        re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", path.read_text("utf-8")
        )
        == []
    )


def test_the_policy_lets_nothing_in_but_what_is_ours():
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert {policy[name] for name in policy if name.endswith("-src")} == {"'self'", "'none'"}


def request(**headers):
    return make_mocked_request("GET", "/", headers=headers)


def test_it_is_packed_for_who_can_unpack_and_short_for_who_has_it():
    one = asset(b"words " * 100, "text/css")
    plain, packed = answer(request(), one), answer(request(**{"Accept-Encoding": "gzip, br"}), one)
    assert (plain.body, packed.body) == (one.data, one.packed)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    known = answer(request(**{"If-None-Match": one.etag}), one)
    assert (known.status, known.body) == (304, None)
    assert answer(request(**{"If-None-Match": '"another"'}), one).status == 200
