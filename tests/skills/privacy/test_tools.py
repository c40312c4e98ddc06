from datetime import UTC, datetime

import pytest
from support.skills import Machine

from device.records.store import StoreError

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def device():
    return Machine()


async def test_what_is_kept_is_told(device):
    assert await device.call("get_privacy") == {"transcripts_kept_days": 7, "sound_kept": False}


@pytest.mark.parametrize(
    ("arguments", "since"),
    [({}, MIDNIGHT), ({"which": "today"}, MIDNIGHT), ({"which": "all"}, None)],
)
async def test_what_was_said_is_deleted_since_midnight_or_all_of_it(device, arguments, since):
    deleted = await device.call("delete_transcripts", **arguments)
    assert deleted["conversations_deleted"] == 3
    assert device.forgotten == [since]


async def test_what_cannot_be_deleted_is_told(device, monkeypatch):
    def fail(since):
        raise StoreError("it belongs to another user")

    monkeypatch.setattr(Machine, "forget", lambda self, since: fail(since))
    assert await Machine().call("delete_transcripts") == {"error": "it belongs to another user"}
