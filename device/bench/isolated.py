"""Work in a process of its own, so that nothing else counts."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


def isolated(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `work`, a function of a module, in a fresh process; return what it returns and raise what it raises."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
