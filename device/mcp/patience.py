"""How long an answer is waited for: it starts anew while the server tells of its progress, and ends all the same."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MOST: Final = 12
"""How many times the time limit a call may take that tells of its progress. A choice: two minutes with the default; by
then nobody waits for it."""


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[Callable[[], None]]:
    """Have a time limit, which ends by TimeoutError; yields what starts it anew, up to `MOST` times itself."""
    now = asyncio.get_running_loop().time
    end = now() + MOST * seconds
    async with asyncio.timeout(seconds) as limit:
        yield lambda: limit.reschedule(min(now() + seconds, end))
