"""The house: which room may import what. The order of the rooms stands here once, as data; the map is held against it.

Imports for type checking count like all others: whoever must know a type knows the room.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import device

FLOORS = (
    ("sample_clock", "data", "system", "web"),
    ("wire", "conversation", "model_files", "language", "door"),
    ("settings",),
    ("audio", "tools", "records", "wifi", "earshot"),
    ("listen", "panel", "engines", "skills", "mcp"),
    ("local", "daemon", "page", "mqtt"),
    ("simulation", "doctor"),
    ("bench",),
    ("commands",),
    ("__main__",),
)
"""The rooms of `device/`, the ground floor first: each may import those below it, and none beside it."""
ONLY = {
    "sample_clock": set(),
    "data": set(),
    "wire": set(),
    "conversation": {"sample_clock"},
    "system": set(),
    "model_files": {"data", "system"},
    "language": {"data"},
    "door": {"system"},
    "settings": {"data", "system"},
    "earshot": set(),
    "wifi": {"data", "system", "door", "language", "settings"},
    "mqtt": {"system", "door", "settings"},
    "page": {"data", "system", "web", "door", "language", "settings", "wifi"},
}
"""Rooms that may import still less: what makes them worth having is what they do not know."""
STRANGERS = (("engines", "local"), ("conversation", "local"))
"""Rooms that know nothing of each other: engines and the local one meet on the wire alone."""
UNTESTED = {
    "device.doctor.finding",
    "device.conversation.actions",
    "device.conversation.events",
    "device.conversation.rules",
}
"""Modules without a test file of their name: they hold types, and nothing that could be false."""

_ROOT = Path(device.__file__).parent
_HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}

Imports = Mapping[str, set[str]]


def imported(source: str, module: str, modules: set[str], *, package: bool = False) -> Iterator[str]:
    """Yield the modules of the house that the source of `module` imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level + package or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if inner in modules or base in modules:
                    yield inner if inner in modules else base


@cache
def house() -> dict[str, set[str]]:
    """Return what each module of `device/` imports."""
    files = {}
    for path in _ROOT.rglob("*.py"):
        parts = ["device", *path.relative_to(_ROOT).with_suffix("").parts]
        package = parts[-1] == "__init__"
        files[".".join(parts[:-1] if package else parts)] = path, package
    return {
        module: set(imported(path.read_text("utf-8"), module, set(files), package=package)) - {module, "device"}
        for module, (path, package) in files.items()
    }


def room(module: str) -> str:
    """Return the room in which a module is."""
    return module.split(".")[1]


def arrows(imports: Imports) -> dict[tuple[str, str], list[str]]:
    """Return the imports between rooms, each with the modules that have it."""
    found: dict[tuple[str, str], list[str]] = {}
    for module, others in imports.items():
        for other in others if module != "device" else ():
            if room(module) != room(other):
                found.setdefault((room(module), room(other)), []).append(f"{module} imports {other}")
    return found


def circle(imports: Imports) -> list[str]:
    """Return modules that import each other in a circle; none if there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def climbing(imports: Imports) -> list[str]:
    """Return the imports that do not lead down."""
    return [line for (a, b), lines in arrows(imports).items() if _HEIGHT[a] <= _HEIGHT[b] for line in lines]


def forbidden(imports: Imports) -> list[str]:
    """Return the imports of what a room may not know."""
    return [
        line
        for (a, b), lines in arrows(imports).items()
        if b not in ONLY.get(a, {b}) or (a, b) in STRANGERS or (b, a) in STRANGERS
        for line in lines
    ]


def test_every_room_has_its_floor_and_every_floor_its_rooms() -> None:
    rooms = {path.stem for path in _ROOT.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))} - {"__init__"}
    assert rooms == set(_HEIGHT)


def test_no_module_stands_outside_of_the_rooms() -> None:
    assert {path.name for path in _ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "sample_clock.py"}


def test_there_is_no_circle() -> None:
    assert circle(house()) == []


def test_imports_run_down_only() -> None:
    assert climbing(house()) == []


def test_no_room_imports_what_it_may_not_know() -> None:
    assert forbidden(house()) == []


def test_every_module_has_its_tests_in_the_same_place() -> None:
    tests = Path(__file__).parent
    modules = {
        module: _ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py") for module in house() if module != "device"
    }
    lacking = {
        module
        for module, path in modules.items()
        if path.exists()  # a package has none
        and path.name != "__main__.py"
        and not (tests / path.relative_to(_ROOT).parent / f"test_{path.name}").exists()
    }
    assert lacking == UNTESTED


@pytest.mark.parametrize("module", sorted(name for name in house() if name.startswith("device.conversation.")))
def test_the_conversation_is_pure(module: str) -> None:
    """No socket, no card, no clock, no thread: it cannot even name them."""
    path = _ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
    named = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named <= {
        "__future__",
        "collections",
        "dataclasses",
        "device",
        "difflib",
        "enum",
        "functools",
        "math",
        "msgspec",
        "typing",
    }


@pytest.mark.parametrize(
    ("imports", "finds", "what"),
    [
        ({"device.audio.ring": {"device.daemon.run"}}, climbing, ["device.audio.ring imports device.daemon.run"]),
        (
            {"device.tools.registry": {"device.audio.ring"}},
            climbing,
            ["device.tools.registry imports device.audio.ring"],
        ),
        ({"device.daemon.run": {"device.audio.ring"}}, climbing, []),
        (
            {"device.conversation.machine": {"device.data"}},
            forbidden,
            ["device.conversation.machine imports device.data"],
        ),
        ({"device.conversation.machine": {"device.conversation.events"}}, forbidden, []),
        (
            {"device.local.load": {"device.engines.faults"}},
            forbidden,
            ["device.local.load imports device.engines.faults"],
        ),
        (
            {"device.engines.faults": {"device.local.load"}},
            forbidden,
            ["device.engines.faults imports device.local.load"],
        ),
        ({"device.a.b": {"device.c.d"}, "device.c.d": {"device.a.b"}}, circle, 3),
        ({"device.a.b": {"device.c.d"}, "device.c.d": set()}, circle, []),
    ],
)
def test_the_rules_find_what_breaks_them(imports: Imports, finds, what) -> None:
    found = finds(imports)
    assert (len(found) if isinstance(what, int) else found) == what


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import device.b.c", ["device.b.c"]),
        ("from device.b import c, d", ["device.b.c", "device.b"]),
        ("from device.b.c import Name", ["device.b.c"]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from device.b.c import Name", ["device.b.c"]),
        ("def late():\n    from device.b import c", ["device.b.c"]),
        ("from . import c", ["device.b.c"]),
        ("from ..b.c import Name", ["device.b.c"]),
        ("import json\nfrom pathlib import Path", []),
    ],
)
def test_no_way_of_importing_is_overlooked(source: str, found: list[str]) -> None:
    assert list(imported(source, "device.b.e", {"device.b", "device.b.c"})) == found


def test_no_process_that_is_started_imports_from_the_folder_it_is_started_in() -> None:
    """A folder with a `device.py` or a `pip/` in it must not be run because somebody calls the doctor there."""
    unsafe = [
        f"{path.relative_to(_ROOT)}: {line.strip()}"
        for path in _ROOT.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if re.search(r'sys\.executable, "(?!-P")', line)
    ]
    assert unsafe == []
