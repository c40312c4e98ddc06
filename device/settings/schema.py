"""JSON schemas that a profile brings: checked before anything is asked by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


class SchemaError(ValueError):
    """What should be a JSON schema is none; the message says where and why."""


def schema_fault(schema: dict[str, Any]) -> str:
    """Say what is wrong with a JSON schema; empty if nothing is."""
    try:
        validator_of(schema)
        inline_refs(schema, schema.get("$defs", {}))
    except SchemaError as error:
        return str(error)
    return ""


def validator_of(schema: dict[str, Any]) -> Validator:
    """Return what checks values against a JSON schema. Raises SchemaError."""
    import jsonschema  # noqa: PLC0415 - slow to import, and only some profiles want it
    from referencing import Registry  # noqa: PLC0415 - comes with it

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise SchemaError(f"{error.json_path}: {error.message}") from None
    # A registry of one's own: nothing is fetched from addresses in the schema.
    return kind(schema, registry=Registry())


def inline_refs(schema: Any, definitions: dict[str, Any]) -> Any:
    """Return a JSON schema with its references replaced by what they stand for; engines know no `$ref`.

    Raises SchemaError.
    """
    try:
        return _inline(schema, definitions)
    except (KeyError, RecursionError):
        raise SchemaError("$ref: engines know references to $defs only, and none to itself") from None


def _inline(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: _inline(value, definitions) for key, value in schema.items() if key != "$defs"}
    if isinstance(schema, list):
        return [_inline(item, definitions) for item in schema]
    return schema
