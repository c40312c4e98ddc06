"""How a command ends that cannot do what was asked for."""

from __future__ import annotations

from typing import Any, Final

import click

FAILED: Final = 1
"""Exit code: something is wrong with the machine, the network or a file."""


class Trouble(click.ClickException):
    """Something that the user can mend; shown without a traceback."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message to stderr."""
        click.echo(f"parley: {self.format_message()}", err=True)
