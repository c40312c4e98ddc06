"""The functions that a server calls."""

from __future__ import annotations

import pytest

from device.conversation.engine import ToolCall
from device.engines.realtime.calls import Calls


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_a_call_is_passed_on_once(calls: Calls) -> None:
    assert calls.make("r", "c", "f", "{}") == [ToolCall("r", "c", "f", "{}")]
    assert calls.make("r", "c", "f", "{}") == []
    assert calls.make("r", "c2", "f", "{}") == [ToolCall("r", "c2", "f", "{}")]


@pytest.mark.parametrize(("call_id", "name"), [("", "f"), ("c", ""), ("", "")])
def test_a_call_without_an_id_or_a_name_is_none_yet(calls: Calls, call_id: str, name: str) -> None:
    assert calls.make("r", call_id, name, "{}") == []
    assert not calls.waiting
    assert len(calls.make("r", "c", "f", "{}")) == 1


def test_an_item_says_which_function_its_call_is_of(calls: Calls) -> None:
    calls.named("item", "f")
    assert calls.name_of("item") == "f"
    assert calls.name_of("another") == ""


def test_a_call_is_answered_once(calls: Calls) -> None:
    calls.make("r", "c", "f", "{}")
    assert calls.waiting
    assert calls.answer("c")
    assert not calls.waiting
    assert not calls.answer("c")


def test_what_was_never_called_is_not_answered(calls: Calls) -> None:
    assert not calls.answer("c")


def test_all_results_are_waited_for(calls: Calls) -> None:
    calls.make("r", "one", "f", "{}")
    calls.make("r", "two", "f", "{}")
    calls.answer("one")
    assert calls.waiting
    calls.answer("two")
    assert not calls.waiting


def test_after_an_interruption_nothing_is_waited_for_and_a_late_result_counts(calls: Calls) -> None:
    calls.make("r", "c", "f", "{}")
    calls.interrupted()
    assert not calls.waiting
    assert calls.answer("c")


def test_nothing_is_waited_for_that_a_forgotten_reply_called(calls: Calls) -> None:
    calls.make("old", "one", "f", "{}")
    calls.make("new", "two", "f", "{}")
    calls.forget("old")
    assert calls.waiting
    calls.answer("two")
    assert not calls.waiting
