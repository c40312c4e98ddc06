"""The tools that keep lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta

from device.tools.registry import Arguments, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device

MOST_TOLD: Final = 50
"""Entries that are told at once; a choice: nobody listens to more, and they go to a model."""
_Name = Annotated[str, Meta(max_length=100, description="Which list, e.g. shopping, to-do or packing.")]
_Entries = Annotated[
    list[Annotated[str, Meta(max_length=1000)]],
    Meta(min_length=1, max_length=100, description="One thing each, e.g. milk, two litres of juice."),
]


class ListAndEntries(Arguments, frozen=True):
    """Arguments of add_to_list and remove_from_list."""

    items: _Entries
    list: _Name = ""


class OneList(Arguments, frozen=True):
    """Arguments of clear_list."""

    list: _Name = ""


class AnyList(Arguments, frozen=True):
    """Arguments of read_list."""

    list: Annotated[str | None, Meta(description="Which list; leave out for the names of all lists.")] = None


def list_tools(device: Device) -> list[Tool]:
    """Return add_to_list, read_list, remove_from_list and clear_list."""
    lists = device.lists

    async def add_to_list(arguments: ListAndEntries) -> Any:
        try:
            added, there = lists.add(arguments.list, arguments.items)
        except ValueError as fault:
            raise ToolError(str(fault)) from fault
        return {"list": lists.called(arguments.list), "added": added, "already_there": there}

    async def read_list(arguments: AnyList) -> Any:
        if arguments.list is None:
            return {"lists": {name: len(entries) for name, entries in lists.all.items()}}
        entries = lists.read(arguments.list)
        return {"list": lists.called(arguments.list), "count": len(entries), "items": entries[:MOST_TOLD]}

    async def remove_from_list(arguments: ListAndEntries) -> Any:
        removed, missing = lists.remove(arguments.list, arguments.items)
        return {"list": lists.called(arguments.list), "removed": removed, "not_there": missing}

    async def clear_list(arguments: OneList) -> Any:
        return {"list": lists.called(arguments.list), "removed_count": lists.clear(arguments.list)}

    return [
        Tool(
            name="add_to_list",
            description="Put things on a list of the user's, which is kept on the device.",
            arguments=ListAndEntries,
            handler=add_to_list,
        ),
        Tool(
            name="read_list",
            description="Tell what is on a list of the user's, or which lists there are.",
            arguments=AnyList,
            handler=read_list,
        ),
        Tool(
            name="remove_from_list",
            description="Take things off a list of the user's.",
            arguments=ListAndEntries,
            handler=remove_from_list,
        ),
        Tool(
            name="clear_list",
            description="Take everything off a list of the user's. Only when the user asks for it.",
            arguments=OneList,
            handler=clear_list,
        ),
    ]
