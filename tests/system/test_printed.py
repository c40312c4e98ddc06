"""What comes from outside controls no terminal and forges no line, however it is printed."""

import ast
import io
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

import device
from device.system.printed import binary, console, document, echo, in_cells

NASTY = {
    "clears the screen": "\x1b[2J\x1b[H",
    "renames the window": "\x1b]0;owned\x07",
    "is a link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "copies to the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "is an 8-bit sequence": "\x9b2J\x9d0;owned\x9c",
    "overwrites the line": "fail\rok  ",
    "goes back": "fail\b\b\b\bok  ",
    "turns around": "\u202eevil\u202c \u2066x\u2069",
    "breaks the line for Unicode": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "is no character": "a\udcffb",
    "is never seen": "a\ufeffb\U000e0041c",
}


def harmless(text):
    return all(character == "\n" or character.isprintable() or character in "\u200d\u200c\u0301" for character in text)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nothing_of_it_reaches_the_terminal(text, capsys):
    echo(f"heard: {text}")
    echo(f"heard: {text}", err=True)
    document(f"heard: {text}")
    console().print(f"heard: {text}", soft_wrap=True)
    console(stderr=True).print(Text(f"heard: {text}"), soft_wrap=True)
    table = Table(text)
    table.add_row(*in_cells(text))
    console(width=200).print(table)
    for said in capsys.readouterr():
        assert said
        assert harmless(said), said


@pytest.mark.parametrize("print_it", [echo, lambda text: console().print(text, soft_wrap=True)])
def test_a_line_stays_one(print_it, capsys):
    print_it("heard: a\nok    engine: fine")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "engine: fine" in said


def test_what_a_program_reads_is_printed_as_it_is(capfdbinary):
    binary(b"\x1b\x00\xff\n")
    assert capfdbinary.readouterr().out == b"\x1b\x00\xff\n"


def test_lines_of_ours_stay_several(capsys):
    echo("one", "two\nthree")
    assert capsys.readouterr().out == "one\ntwo\\nthree\n"


@pytest.mark.parametrize(
    "text", ["[bold]loud[/bold]", "[card] input", "[/]", "[/nothing]", "[link=http://evil]x[/link]", ":smile:"]
)
def test_nothing_is_taken_for_markup(text, capsys):
    console().print(text, soft_wrap=True)
    assert capsys.readouterr().out == f"{text}\n"


@pytest.mark.parametrize(("value", "plain"), [("1", True), ("yes", True), ("", False), (None, False)])
def test_no_colour_means_no_style_either(value, plain):
    environ = {} if value is None else {"NO_COLOR": value}
    out = io.StringIO()
    shown = console(environ=environ, file=out, force_terminal=True, _environ={"TERM": "xterm-256color", **environ})
    shown.print(Text.assemble(("ok", "bold"), " ", ("fine", "green"), " ", ("42", "dim")))
    assert ("\x1b" not in out.getvalue()) is plain
    assert "42" in out.getvalue()


OTHERS = {
    ("serve.py", "logging.basicConfig"),  # hands its records to the daemon, which logs them
    ("metronome.py", "sys.stdout.buffer.write"),  # samples, to a pipe
    ("named.py", "sys.stdout.buffer.write"),  # how far a file has come, to the daemon's pipe
}


def test_nobody_else_prints():
    """Everything that is printed goes through `device.system.printed`, and is harmless there."""
    others = []
    for path in Path(device.__file__).parent.rglob("*.py"):
        if path.name in {"printed.py", "logs.py"} and path.parent.name == "system":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if (path.name, called) in OTHERS:
                continue
            if called in {"print", "click.echo", "click.secho", "Console", "basicConfig", "logging.basicConfig"} or (
                called.startswith("sys.std") and called.endswith(".write")
            ):
                others.append(f"{path.name}:{node.lineno} {called}")
    assert others == []
