"""What a model writes, parted into what is to be said, what it only thought, and calls that it wrote into its text.

Small models call functions in many ways: `<tool_call>{…}</tool_call>`, a block of JSON, `<function=NAME>…</function>`.
None of that is for anybody's ears, nor is `<think>…</think>`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from device.local.stages import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 20_000
"""Characters of one block that are waited for; a longer one is left out, and what follows counts as text again."""
_TAG: Final = re.compile(r"</?\|?[A-Za-z_][^<>\n]{0,80}>|\[/?[A-Z][A-Z_]{2,30}\]")
"""A tag, a token of a model's own (`<|eot_id|>`), or one of Mistral's marks (`[TOOL_CALLS]`)."""
_BEGUN: Final = re.compile(r"<(/?\|?([A-Za-z_][^<>\n]{0,80})?)?$|\[(/?[A-Z][A-Z_]{0,30})?$|`{1,2}$")
"""What may become one."""
_THOUGHT: Final = re.compile(r"<(think|thinking|thought|reasoning|analysis)>", re.IGNORECASE)
_END_OF_THOUGHT: Final = re.compile(r"</(think|thinking|thought|reasoning|analysis)>", re.IGNORECASE)
_CALLING: Final = re.compile(r"<(tool_call|function_call|tool|function)(=[\w.-]+)?( name=[^>]+)?>", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"<function(?:=| name=)[\"']?([\w.-]+)[\"']?>(.*?)(?:</function>|$)", re.DOTALL)
_PARAMETER: Final = re.compile(r"<parameter(?:=| name=)[\"']?([\w.-]+)[\"']?>(.*?)(?:</parameter>|$)", re.DOTALL)
_FENCE: Final = "```"


class Written:
    """Takes a reply in any pieces; gives out what is to be said, and keeps the calls that were written in it."""

    def __init__(self) -> None:
        self._text = ""
        self.calls: list[Call] = []

    def push(self, piece: str) -> Iterator[str]:
        """Add what came; yield the text that is surely to be said."""
        self._text += piece
        yield from self._read(last=False)

    def flush(self) -> Iterator[str]:
        """Yield what is left at the end of the reply; a block that was not ended ends here."""
        yield from self._read(last=True)
        self._text = ""

    def _read(self, *, last: bool) -> Iterator[str]:
        while self._text:
            begin = self._begin()
            if begin:
                said, self._text = self._text[:begin], self._text[begin:]
                yield said
                continue
            taken = self._block(last=last)
            if not taken:
                return
            self._text = self._text[taken:]

    def _begin(self) -> int:
        """Return where something begins that may be more than text; the length of the text if nothing does."""
        found = [at for at in (self._text.find("{"), self._text.find(_FENCE)) if at >= 0]
        found += [match.start() for match in (_TAG.search(self._text), _BEGUN.search(self._text)) if match]
        return min(found, default=len(self._text))

    def _block(self, *, last: bool) -> int:
        """Return how much of the text, from its beginning on, is a block that is now whole; 0 if it is not yet."""
        text = self._text
        if text.startswith("{"):
            return self._object(last=last)
        if text.startswith(_FENCE):
            return self._until(re.compile(_FENCE), len(_FENCE), self._take, last=last)
        tag = _TAG.match(text)
        if tag is None:
            return len(text) if last else 0
        if _THOUGHT.fullmatch(tag[0]):
            return self._until(_END_OF_THOUGHT, tag.end(), lambda _: None, last=last)
        if called := _CALLING.fullmatch(tag[0]):
            return self._until(re.compile(f"</{called[1]}>", re.IGNORECASE), 0, self._take, last=last)
        return tag.end()

    def _until(self, end: re.Pattern[str], skip: int, take: Any, *, last: bool) -> int:
        """Return the length of a block that begins with `skip` characters and goes to `end`; `take` gets its inside."""
        match = end.search(self._text, skip)
        if match is None and not last and len(self._text) < _LONGEST:
            return 0
        take(self._text[skip : match.start() if match else len(self._text)])
        return match.end() if match else len(self._text)

    def _object(self, *, last: bool) -> int:
        """Return the length of the JSON, or what was meant to be some, at the beginning of the text."""
        length = _balanced(self._text)
        if not length and not last and len(self._text) < _LONGEST:
            return 0
        length = length or len(self._text)
        self._take(self._text[:length])
        return length

    def _take(self, block: str) -> None:
        """Keep the calls that are in a block."""
        functions = _FUNCTION.findall(block)
        for name, inside in functions:
            given = {key: _value(value.strip()) for key, value in _PARAMETER.findall(inside)}
            self.calls.append(Call(name, json.dumps(given) if given else inside.strip() or "{}"))
        if not functions:
            self.calls += filter(None, map(_call, _objects(block)))


def _balanced(text: str) -> int:
    """Return where the braces at the beginning of `text` are closed; 0 if they are not."""
    depth, quoted, escaped = 0, False, False
    for at, letter in enumerate(text):
        if quoted:
            quoted, escaped = escaped or letter != '"', not escaped and letter == "\\"
        elif letter == '"':
            quoted = True
        elif letter in "{}":
            depth += 1 if letter == "{" else -1
            if not depth:
                return at + 1
    return 0


def _objects(block: str) -> Iterator[Any]:
    """Yield the JSON objects in a block, whatever stands around them; braces that are doubled count once."""
    decoder = json.JSONDecoder()
    at = block.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(block, at)
        except (ValueError, RecursionError):
            at = block.find("{", at + 1)
            continue
        yield value
        at = block.find("{", end)


def _call(value: Any) -> Call | None:
    """Return the call that an object is; None if it is none."""
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    if isinstance(inner, dict):
        value = inner
    name = next(
        (value[key] for key in ("name", "function", "tool", "tool_name") if isinstance(value.get(key), str)), ""
    )
    keys = ("arguments", "parameters", "args", "input")
    given = next((value[key] for key in keys if key in value), None)
    if not name or (given is None and len(value) > 1):
        return None
    return Call(name, given if isinstance(given, str) else json.dumps(given or {}))


def _value(text: str) -> Any:
    """Return what a parameter's text stands for: JSON, or itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
