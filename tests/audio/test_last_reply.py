from hypothesis import given
from hypothesis import strategies as st

from device.audio.last_reply import LONGEST_S, LastReply


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.binary(max_size=20)), max_size=20))
def test_it_is_the_last_item_whole(pieces):
    last = LastReply()
    for item, pcm in pieces:
        last.add(item, pcm, 24000)
    expected = b""
    for item, pcm in reversed(pieces):
        if item != pieces[-1][0]:
            break
        expected = pcm + expected
    assert last.pcm == expected


def test_a_reply_of_minutes_is_kept_in_part():
    last = LastReply()
    for n in range(2 * LONGEST_S):
        last.add("a", bytes([n]) * 2000, 1000)
    assert len(last.pcm) == LONGEST_S * 2000
    assert last.pcm[0] == 0
    assert last.pcm[-1] == LONGEST_S - 1
    last.add("b", b"ab", 1000)
    assert last.pcm == b"ab"
