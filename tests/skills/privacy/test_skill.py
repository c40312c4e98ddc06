import pytest
from support.skills import talk

from device.skills.privacy.skill import PRIVACY
from device.skills.skill import Meaning


@pytest.mark.parametrize(("intent", "which"), [("forget_today", "today"), ("forget_all", "all")])
def test_what_is_deleted(intent, which):
    assert PRIVACY.calls[intent] == "delete_transcripts"
    assert PRIVACY.arguments(Meaning(intent, {}), talk()) == {"which": which}


@pytest.mark.parametrize(("days", "part"), [(0, "neither sound nor words"), (1, "for a day"), (7, "for 7 days")])
def test_what_is_kept_is_said_as_it_is(days, part):
    (said,) = PRIVACY.outputs["get_privacy"]({"transcripts_kept_days": days}, [], talk())
    assert part in said


@pytest.mark.parametrize(
    ("count", "which", "said"),
    [
        (0, "today", "There was nothing kept to delete."),
        (1, "today", "Deleted: what you said today is gone, one conversation."),
        (3, "all", "Deleted: all that was kept is gone, 3 conversations."),
    ],
)
def test_how_much_went_is_said(count, which, said):
    output = {"conversations_deleted": count, "which": which}
    assert PRIVACY.outputs["delete_transcripts"](output, [], talk()) == [said]


def test_what_was_heard_is_what_was_said_before():
    heard = Meaning("what_was_heard", {})
    assert PRIVACY.answer(heard, talk(heard="Set a timer for ten minutes.")) == "I heard: Set a timer for ten minutes."
    assert PRIVACY.answer(heard, talk()) == "Nothing before this."
