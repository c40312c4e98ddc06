"""One file: only what it was made with is run, and nothing is loaded."""

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from device.simulation.picture.document import FOLDER, as_json, document, modules

NASTY = "</script><img src=x onerror=alert(1)><!--<script>\u2028&\u0000\u202e"


class Elements(HTMLParser):
    """Notes each element with its attributes, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, dict(attributes), ""])
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1][2] += data

    def of(self, tag):
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def made(**more):
    page = document("A & B", "<main></main>", styles=("theme.css",), script=modules("elements"), **more)
    return Elements(page.decode())


def source(text):
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_script_and_style_are_allowed_by_their_hashes_and_all_else_is_not():
    page = made(data={})
    policy = next(a["content"] for a, _ in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    (_, style), (script,) = page.of("style")[0], [text for a, text in page.of("script") if a["type"] == "module"]
    assert rules == {
        "default-src": "'none'",
        "style-src": source(style),
        "script-src": source(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_without_a_script_none_is_allowed():
    page = document("x", "", styles=("theme.css",)).decode()
    assert "script" not in page


def test_data_end_no_script_and_begin_no_element():
    page = made(data={NASTY: NASTY})
    assert [tag for tag, *_ in page.found] == [
        "html",
        "meta",
        "meta",
        "meta",
        "title",
        "style",
        "main",
        "script",
        "script",
    ]
    (data,) = [text for a, text in page.of("script") if a.get("id") == "data"]
    assert json.loads(data) == {NASTY: NASTY}


def test_json_holds_no_sign_of_markup():
    assert not set("<>&\u2028\u2029") & set(as_json([NASTY]))


@pytest.mark.parametrize("title", [NASTY, "<b>"])
def test_a_title_is_a_text(title):
    page = Elements(document(title, "", styles=("theme.css",)).decode())
    assert [tag for tag, *_ in page.found] == ["html", "meta", "meta", "meta", "title", "style"]


def test_every_module_is_there_once_and_after_those_that_it_imports():
    whole = modules("picture")
    sources = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.js")}
    heads = {name: source.partition("\n")[0] for name, source in sources.items()}
    places = {name: whole.index(head) for name, head in heads.items()}
    assert [whole.count(head) for head in heads.values()] == [1] * len(heads)
    for name, text in sources.items():
        for other in re.findall(r'from "\./(\w+)\.js"', text):
            assert places[other] < places[name]
    assert "import " not in re.sub(r"//.*", "", whole)


def test_names_at_the_top_of_modules_are_unique_in_all_of_them():
    names = re.findall(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", modules("picture"), re.MULTILINE)
    assert len(names) > 20
    assert sorted(names) == sorted(set(names))


def test_no_script_parses_a_text_as_html():
    whole = modules("picture")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "Function("):
        assert way not in whole
