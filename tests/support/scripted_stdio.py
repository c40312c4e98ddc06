"""A program that a test's lines of Python are run in, as a server of tools by its standard input and output.

`command(lines)` is what to start: for each message that comes, `lines` run with `message` as a dictionary, and with
`said(result)` to answer it, `fault(code, text)`, `tell(method, params)`, and `write(text)` for anything at all.
"""

from __future__ import annotations

import sys
from textwrap import dedent

_PROGRAM = """
import json, os, signal, subprocess, sys, time
def write(text):
    sys.stdout.write(text); sys.stdout.flush()
def said(result):
    write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}) + "\\n")
def fault(code, text, data=None):
    error = {"code": code, "message": text, "data": data}
    write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}) + "\\n")
def tell(method, params={}):
    write(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}) + "\\n")
MODERN = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {"listChanged": True}}}
TOOLS = {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}
for line in sys.stdin:
    message = json.loads(line)
    method, params = message.get("method"), message.get("params", {})
"""


def command(lines: str) -> tuple[str, ...]:
    """Return the command of such a program."""
    body = "".join(f"    {line}\n" for line in dedent(lines).strip().splitlines())
    return (sys.executable, "-S", "-u", "-c", _PROGRAM + body)
