"""The change log: the newest first, and no version without a section."""

import re
import tomllib
from pathlib import Path

import pytest

import device

CHANGES = Path(device.__file__).with_name("CHANGES.md")
PROJECT = Path(device.__file__).parents[1] / "pyproject.toml"
UNRELEASED = "Unreleased"


def sections(text: str) -> list[str]:
    """Return the headings of the change log, in order."""
    return re.findall(r"^## (.*)", text, flags=re.MULTILINE)


def faults(text: str, version: str) -> list[str]:
    """Say what is wrong with a change log of a project that is at `version`."""
    first, *versions = sections(text) or [""]
    found = [] if first == UNRELEASED else [f"the first section is {first!r}, not {UNRELEASED!r}"]
    odd = [name for name in versions if not re.fullmatch(r"\d+\.\d+\.\d+", name)]
    if odd:
        return [*found, f"these are no versions: {', '.join(odd)}"]
    numbers = [tuple(map(int, name.split("."))) for name in versions]
    if numbers != sorted(set(numbers), reverse=True):
        found.append("the versions do not fall")
    if versions[:1] != [version]:
        found.append(
            f"the newest section is {'none' if not versions else versions[0]}, and the project is at {version}"
        )
    return found


def test_the_project_s_version_has_the_newest_section():
    version = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"]
    assert faults(CHANGES.read_text("utf-8"), version) == []


def test_every_version_says_something():
    _, *bodies = re.split(r"^## .*$", CHANGES.read_text("utf-8"), flags=re.MULTILINE)
    assert len(bodies) == len(sections(CHANGES.read_text("utf-8")))
    assert all(body.strip() for body in bodies[1:])


@pytest.mark.parametrize(
    ("headings", "version", "fault"),
    [
        (["Unreleased", "0.10.0", "0.9.1", "0.9.0"], "0.10.0", []),
        (["Unreleased", "0.9.0", "0.10.0"], "0.9.0", ["the versions do not fall"]),
        (["Unreleased", "0.9.0", "0.9.0"], "0.9.0", ["the versions do not fall"]),
        (["0.9.0"], "0.9.0", ["the first section is '0.9.0', not 'Unreleased'", None]),
        (["Unreleased", "0.9.0"], "0.9.1", ["the newest section is 0.9.0, and the project is at 0.9.1"]),
        (["Unreleased"], "0.1.0", ["the newest section is none, and the project is at 0.1.0"]),
        (["Unreleased", "next"], "0.1.0", ["these are no versions: next"]),
        ([], "0.1.0", ["the first section is '', not 'Unreleased'", None]),
    ],
)
def test_what_is_wrong_is_found(headings, version, fault):
    found = faults("\n".join(f"## {heading}\n\n- Something.\n" for heading in headings), version)
    assert len(found) == len(fault)
    assert all(one in (None, other) for one, other in zip(fault, found, strict=True))
