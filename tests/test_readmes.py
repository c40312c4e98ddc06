"""The READMEs: what they lead to is there, what they say to type can be typed, and the lists in them are the code's."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from test_house import FLOORS

import device
from device.bench.run import BENCHES
from device.commands.main import main
from device.settings.engines import known_engines

DEVICE = Path(device.__file__).parent
ROOT = DEVICE.parent
FOLDERS = ("device", "models", "scripts", "systemd", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/**/*.md"))])
MOST_LINES = 220
"""Of the first README: a newcomer is through it in five minutes."""

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """Return a page without its fenced code."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def code(page: Path) -> Iterator[str]:
    """Yield the lines of a page's code blocks, and what stands between backticks."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^```.*?\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        yield from block.splitlines()
    yield from re.findall(r"^ {4}(\S.*)", prose(page), flags=re.MULTILINE)
    for span in re.findall(r"`([^`]+)`", prose(page)):
        yield " ".join(span.split())


def anchors(page: Path) -> set[str]:
    """Return what a link into a page may name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Return where the links of a page lead that stay in the repository."""
    return [to for to in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in to]


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", prose(page), flags=re.DOTALL | re.MULTILINE)
    assert found, f"{page} has no heading {heading!r}"
    return found[1]


def typed(line: str) -> Iterator[list[str]]:
    """Yield the words after each `parley`, or `scripts/run`, in a line of code."""
    line = re.split(r"\s{3,}|\s#", line)[0]
    for start in re.finditer(r"(?<![\w/.+-])(?:\./)?(?:parley|scripts/run) (?=[a-z-])", line):
        words = line[start.end() :].split()
        if words[0] != "parley":  # `sudo -u parley parley doctor`
            yield words


def wrong(words: list[str]) -> str:
    """Return what of a command line there is not; empty if it is right."""
    command: click.Command = main
    context = click.Context(main)
    for word in words:
        if word.startswith("--"):
            there = {option for one in command.params for option in one.opts} | {"--help", "--version"}
            if word.partition("=")[0] not in there:
                return f"{command.name} has no option {word}"
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z]+", word):
            inner = command.get_command(context, word)
            if inner is None:
                return f"there is no command {word}"
            command = inner
    return ""


def test_the_pages_are_found():
    found = {str(page.relative_to(ROOT)) for page in PAGES}
    assert found >= {
        "README.md",
        "device/CHANGES.md",
        "device/README.md",
        "device/bench/README.md",
        "models/README.md",
        "systemd/README.md",
        "tests/README.md",
    }


@each_page
def test_every_link_leads_somewhere(page):
    dead = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@each_page
def test_what_it_says_to_type_can_be_typed(page):
    faults = {" ".join(words): wrong(words) for line in code(page) for words in typed(line)}
    assert {line: fault for line, fault in faults.items() if fault} == {}


@each_page
def test_every_script_that_is_named_is_there(page):
    named = {name for line in code(page) for name in re.findall(r"(?<![\w/])(?:\./)?(scripts/[\w-]+)", line)}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_a_wrong_command_line_would_be_found():
    assert wrong(["fly"]) == "there is no command fly"
    assert wrong(["models", "buy"]) == "there is no command buy"
    assert wrong(["doctor", "--enigne", "openai"]) == "doctor has no option --enigne"
    assert wrong(["profiles", "look", "shop.toml", "find_order"]) == ""
    assert list(typed("sudo -u parley parley doctor --bundle   packs it")) == [["doctor", "--bundle"]]
    assert list(typed("./scripts/run models fetch")) == [["models", "fetch"]]


def test_the_first_readme_is_short_and_leads_to_the_others():
    page = ROOT / "README.md"
    assert len(page.read_text("utf-8").splitlines()) <= MOST_LINES
    led_to = {(ROOT / link.partition("#")[0]).resolve() for link in links(page)}
    assert {other for other in PAGES if other.name == "README.md" and other != page} <= led_to


def test_every_command_and_every_engine_is_in_the_first_readme():
    page = ROOT / "README.md"
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)*", " ".join(re.findall(r"`([^`]+)`", section(page, "Use it")))))
    assert set(main.list_commands(click.Context(main))) <= named
    engines = set(re.findall(r"`([a-z-]+)`", section(page, "Engines")))
    assert set(known_engines()) <= engines


# The map


def test_the_map_has_the_order_of_the_rooms():
    lines = re.findall(r"^\d+\. (.*)", section(DEVICE / "README.md", "What may import what"), flags=re.MULTILINE)
    assert [tuple(re.findall(r"`(\w+)`", line)) for line in lines] == [tuple(floor) for floor in FLOORS]


def test_the_map_says_what_each_room_is_and_shows_it():
    text = section(DEVICE / "README.md", "The rooms")
    told = {name.removesuffix(".py") for name in re.findall(r"^\| \[`(\w+(?:\.py)?)/?`\]", text, flags=re.MULTILINE)}
    rooms = {room for floor in FLOORS for room in floor} - {"__main__"}
    assert told == rooms
    whole = (DEVICE / "README.md").read_text("utf-8")
    picture = re.search(r"^```\n(.*?)^```", whole, flags=re.DOTALL | re.MULTILINE)
    assert picture
    drawn = [set(re.findall(r"[a-z_]+", line)) for line in picture[1].splitlines() if re.search(r"[a-z]", line)]
    assert drawn == [set(floor) for floor in reversed(FLOORS[:-1])]


def test_every_file_that_the_map_names_is_there():
    """A file is named by its path in `device/` or the repository, or by its name where its folder was just named."""
    named = re.findall(r"`([\w./]+\.(?:py|toml|npz|md))`", prose(DEVICE / "README.md"))
    there = {path.name for path in DEVICE.rglob("*") if path.is_file()}
    missing = [
        name
        for name in named
        if "NAME" not in name
        and not (name in there if "/" not in name else (DEVICE / name).exists() or (ROOT / name).exists())
    ]
    assert missing == []


# Lists that are data elsewhere


def test_every_bench_has_its_figures_and_its_method():
    bench = main.get_command(click.Context(main), "bench")
    assert bench is not None
    names = set(BENCHES)
    assert names <= set(re.findall(r"[a-z]+", bench.help or ""))
    text = section(DEVICE / "bench" / "README.md", "Figures, and how each is measured")
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == names
    how = section(DEVICE / "bench" / "README.md", "How")
    assert set(re.findall(r"^\| \[`(\w+)`\]", how, flags=re.MULTILINE)) == names


def test_every_unit_is_explained():
    linked = set(links(ROOT / "systemd" / "README.md"))
    units = {file.name for file in (ROOT / "systemd").glob("parley*")}
    assert len(units) > 8
    assert units - linked == set()


def test_every_model_file_is_listed_with_its_source_and_licence():
    page = ROOT / "models" / "README.md"
    rows = re.findall(r"^\| .*", page.read_text("utf-8"), flags=re.MULTILINE)
    for source in tomllib.loads((page.parent / "manifest.toml").read_text("utf-8"))["source"]:
        for file in source.get("file", []):
            if not file.get("default") and file["name"].endswith(".tflite"):
                continue  # told together
            if file["name"].startswith("kokoro/voices/"):
                continue  # likewise
            (row,) = [row for row in rows if f"`{file['name']}`" in row]
            assert f"{source.get('package') or source['npm']} {source['version']}" in row
            assert source["licence"].replace("CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0") in row
            assert ("non-commercial" in row) == ("-NC-" in source["licence"])
            if file.get("default"):
                assert f"{file['size'] / 1e6:.1f} MB" in row


def test_every_test_that_may_be_skipped_is_named_with_the_reason():
    rows = re.findall(
        r"^\| `([\w/]+\.py)`", section(ROOT / "tests" / "README.md", "What is skipped, and why"), re.MULTILINE
    )
    skipping = re.compile(r"pytest\.skip\(|mark\.skip|importorskip\(")
    files = {
        str(file.relative_to(ROOT / "tests")): file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py")
    }
    assert {name for name, text in files.items() if skipping.search(text)} - {"test_readmes.py"} == set(rows)
