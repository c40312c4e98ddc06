"""What root does in a folder of another user's, such as the service's state, it does as that user.

The user may have put links there, which would lead root's hand elsewhere, and could not use files that root made.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """As root, be the owner of a folder, if it is there, until the end; of any other user it changes nothing.

    It is the whole process that changes: not for one with threads. Raises OSError if one may not look at the folder.
    """
    if os.geteuid() or not folder.exists() or not (there := folder.stat()).st_uid:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(there.st_gid)
    os.seteuid(there.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
