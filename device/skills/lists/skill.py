"""Lists: what is asked of them, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.lists.names import list_words
from device.skills.lists.tools import list_tools
from device.skills.skill import Arguments, Meaning, Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Talk


def _arguments(meaning: Meaning, talk: Talk) -> Arguments:
    words = list_words(talk.language)
    if meaning.intent == "which_lists":
        return {}
    name = words.list_name(str(meaning.slots.get("list") or meaning.slots.get("name") or ""))
    if meaning.intent in {"read_list", "count_entries", "ask_entry", "clear_list"}:
        return {"list": name}
    return {"items": words.entries(str(meaning.slots.get("items", ""))), "list": name}


def _added(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    words = list_words(talk.language)
    said = []
    if output["added"]:
        said.append(talk.phrase("list_added", items=words.enumerated(output["added"]), list=output["list"]))
    if there := output.get("already_there"):
        phrase = "list_had_one" if len(there) == 1 else "list_had"
        said.append(talk.phrase(phrase, items=words.enumerated(there), list=output["list"]))
    return said


def _read(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    words = list_words(talk.language)
    if "lists" in output:
        names = [words.named.format(list=name) for name in output["lists"]]
        return [talk.phrase("lists", lists=words.enumerated(names)) if names else talk.phrase("no_lists")]
    entries, name = list(map(str, output["items"])), output["list"]
    if wanted := next((str(m.slots["items"]) for m in asked if m.intent == "ask_entry"), ""):
        on_it = words.key(wanted) in map(words.key, entries)
        return [talk.phrase("list_has" if on_it else "list_has_not", items=wanted, list=name)]
    if not entries:
        return [talk.phrase("list_empty", list=name)]
    told, count = entries[: words.most_said], output.get("count", len(entries))
    if count == len(told):
        if any(m.intent == "count_entries" for m in asked):
            phrase = "list_count_one" if count == 1 else "list_count"
            return [talk.phrase(phrase, items=words.enumerated(told), list=name, count=count)]
        return [talk.phrase("list_read", items=words.enumerated(told), list=name)]
    return [talk.phrase("list_long", items=", ".join(told), list=name, count=count, more=count - len(told))]


def _removed(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    words = list_words(talk.language)
    said = []
    if output["removed"]:
        said.append(talk.phrase("list_removed", items=words.enumerated(output["removed"]), list=output["list"]))
    if missing := output.get("not_there"):
        said.append(talk.phrase("list_lacks", items=words.enumerated(missing), list=output["list"]))
    return said


def _cleared(output: dict[str, Any], _asked: Sequence[Meaning], talk: Talk) -> list[str]:
    count = output["removed_count"]
    phrase = "list_empty" if not count else "list_cleared_one" if count == 1 else "list_cleared"
    return [talk.phrase(phrase, count=count, list=output["list"])]


_UNDONE_BY: Final = {"add_to_list": ("added", "remove_from_list"), "remove_from_list": ("removed", "add_to_list")}
"""What a tool's output calls the entries that it changed, and what changes them back."""


def _corrected(before: Meaning, meant: Meaning, outputs: Sequence[dict[str, Any]]) -> list[Meaning]:
    """Return what undoes what was done with a list, and then what was meant."""
    changed, undone_by = _UNDONE_BY.get(before.intent, ("", ""))
    entries = [output.get(changed) for output in outputs]
    back = [", ".join(map(str, one)) for one in entries if isinstance(one, list) and one]
    return [*(Meaning(undone_by, {**before.slots, "items": items}) for items in back), meant]


LISTS: Final = Skill(
    name="lists",
    tools=list_tools,
    calls={
        "add_to_list": "add_to_list",
        "read_list": "read_list",
        "count_entries": "read_list",
        "ask_entry": "read_list",
        "which_lists": "read_list",
        "remove_from_list": "remove_from_list",
        "clear_list": "clear_list",
    },
    arguments=_arguments,
    unavailable="lists_unavailable",
    corrected=_corrected,
    outputs={"add_to_list": _added, "read_list": _read, "remove_from_list": _removed, "clear_list": _cleared},
)
