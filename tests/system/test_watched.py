"""A file that is looked at now and then."""

import asyncio

import pytest

from device.system.watched import Watched


@pytest.mark.parametrize("before", [None, "was"])
@pytest.mark.parametrize("after", [None, "is", "longer than it was"])
async def test_what_becomes_of_a_file_is_noticed(tmp_path, before, after):
    path = tmp_path / "file"
    if before:
        path.write_text(before)
    if before is None and after is None:
        return
    watched = Watched(path)
    waits = asyncio.create_task(watched.until_changed(0.001))
    await asyncio.sleep(0.02)
    assert not waits.done()
    assert not watched.noticed
    path.unlink(missing_ok=True)
    if after:
        (tmp_path / "new").write_text(after)
        (tmp_path / "new").replace(path)
    await asyncio.wait_for(waits, 5)
    assert watched.noticed
