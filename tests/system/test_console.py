import io

import pytest

from device.system.console import console


@pytest.mark.parametrize(("value", "plain"), [("1", True), ("yes", True), ("", False), (None, False)])
def test_no_colour_means_no_style_either(value, plain):
    environ = {} if value is None else {"NO_COLOR": value}
    out = io.StringIO()
    shown = console(environ=environ, file=out, force_terminal=True, _environ={"TERM": "xterm-256color", **environ})
    shown.print("[bold]ok[/] [green]fine[/] [dim]42[/]")
    assert ("\x1b" not in out.getvalue()) is plain
    assert "42" in out.getvalue()
