"""One HTML file that needs nothing else: its style, its script and its data are in it, and it may load nothing.

A browser runs only that script and heeds only that style, by their hashes, whatever else got into the file.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html import escape
from typing import Any, Final

import msgspec

from device.data import DATA
from device.system.harmless import line

FOLDER: Final = DATA / "picture"
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_MARKUP: Final = re.compile("[<>&\u2028\u2029]")


def document(title: str, body: str, *, styles: tuple[str, ...], script: str = "", data: Any = None) -> bytes:
    """Return the file. `styles` are names in `data/picture/`; `body` is HTML, in which nothing is trusted any more.

    `script` is a module, which finds `data` as the JSON of the element with the id `data`.
    """
    style = "".join((FOLDER / name).read_text("utf-8") for name in styles)
    policy = f"default-src 'none'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    parts = [body]
    if script:
        policy += f"; script-src '{_hash(script)}'"
        parts += [
            f'<script type="application/json" id="data">{as_json(data)}</script>',
            f'<script type="module">{script}</script>',
        ]
    head = (
        "<!DOCTYPE html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(line(title))}</title>",
        f"<style>{style}</style>",
    )
    return "\n".join([*head, *parts, ""]).encode()


def as_json(data: Any) -> str:
    """Return data as JSON in which nothing ends a script or begins anything."""
    return _MARKUP.sub(lambda found: _ESCAPED[found[0]], msgspec.json.encode(data).decode())


def modules(name: str) -> str:
    """Return the module `name` of `data/picture/` as one with those that it imports, each once and before its users.

    The names that they have at their top are unique in all of them.
    """
    return "".join(_sources(name, set()))


def _sources(name: str, seen: set[str]) -> list[str]:
    seen.add(name)
    source = (FOLDER / f"{name}.js").read_text("utf-8")
    before = [part for other in _IMPORT.findall(source) if other not in seen for part in _sources(other, seen)]
    return [*before, _IMPORT.sub("", source)]


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
