"""The checked result of a conversation: as the profile's JSON schema wants it, submitted by the engine as a tool call.

The model may submit it at any time; the last one counts. If there is no valid one when the conversation ends, it is
asked for (see `conversation.final_result`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.conversation.events import Submitted
from device.settings.schema import inline_refs, validator_of
from device.tools.registry import Tool, ToolResult

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

NAME: Final = "submit_result"
DESCRIPTION: Final = (
    "Submit the result of this conversation, once it is complete or when you are asked for it, without a word about "
    "it. Put in only what was said or looked up; a later call replaces an earlier one."
)
MOST_FAULTS: Final = 10
"""As many are told. A choice: the model corrects what it is told, and is asked again."""
QUOTED: Final = 200
"""Characters of a fault that are told."""


def result_tool(schema: dict[str, Any]) -> Tool:
    """Return the tool by which the engine submits a result that is to be as `schema`, of type object, has it.

    Raises SchemaError.
    """
    validator = validator_of(schema)

    async def submit(arguments: msgspec.Raw) -> ToolResult:
        submitted = _checked(bytes(arguments).decode(), validator)
        if not submitted.faults:
            return ToolResult('{"accepted":true}', result=submitted)
        told = {"error": "not accepted; call the tool again with this fixed", "faults": submitted.faults}
        return ToolResult(msgspec.json.encode(told).decode(), result=submitted)

    inline_refs(schema, schema.get("$defs", {}))
    return Tool(name=NAME, description=DESCRIPTION, arguments=msgspec.Raw, parameters=schema, handler=submit)


def _checked(text: str, validator: Validator) -> Submitted:
    import jsonschema  # noqa: PLC0415 - slow to import, and only some profiles want it
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - comes with it

    try:
        errors = sorted(validator.iter_errors(msgspec.json.decode(text)), key=jsonschema.exceptions.relevance)
    except Unresolvable as error:
        return Submitted(text, (f"the schema refers to {error.ref}, which is not in it",))
    return Submitted(text, tuple(f"{error.json_path}: {error.message}"[:QUOTED] for error in errors[-MOST_FAULTS:]))
