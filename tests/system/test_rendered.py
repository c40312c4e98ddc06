"""What rich makes of words from outside, and what it may do itself."""

import io

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from device.system.rendered import LINE_BREAK, Guard


def shown(*things, terminal=False):
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=terminal, width=80, highlight=False, markup=False, _environ={"TERM": "xterm"}
    )
    console.push_render_hook(Guard())
    for thing in things:
        console.print(thing, soft_wrap=True)
    return out.getvalue(), console


def test_our_styles_stay_and_theirs_do_not():
    said, _ = shown(Text.assemble(("fail", "red"), "  \x1b[32mok\x1b[0m"), terminal=True)
    assert "\x1b[31mfail\x1b[0m" in said
    assert "\\u001b[32mok\\u001b[0m" in said
    assert "\x1b[32m" not in said


def test_styles_stay_where_they_are_when_a_line_is_joined():
    said, _ = shown(Text.assemble("a\nb", ("c", "red")), terminal=True)
    assert said == f"a{LINE_BREAK}b\x1b[31mc\x1b[0m\n"


def test_progress_bars_move_as_ever():
    _, console = shown(terminal=True)
    with Progress(console=console) as bars:
        bars.update(bars.add_task("file\x1b[2J", total=2), completed=1)
    assert "\x1b[?25l" in console.file.getvalue()
