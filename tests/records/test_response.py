"""How long a turn took."""

from device.conversation import entries
from device.records.response import Response
from device.sample_clock import samples


def times(*happened):
    response = Response()
    return [took for at_ms, kind, *fields in happened if (took := response.take(kind(samples(at_ms), *fields)))]


def test_the_last_end_of_a_voice_before_the_reply_counts_and_a_reply_once():
    (took,) = times(
        (100, entries.ReplyFirstAudio, "greeting"),
        (1000, entries.VoiceEnd, 300),
        (2000, entries.VoiceEnd, 300),
        (2100, entries.Duck),
        (2200, entries.ReplyStart, "r"),
        (2500, entries.ReplyFirstAudio, "i"),
        (3000, entries.ReplyFirstAudio, "j"),
    )
    assert took == {"voice_end": 0, "duck": 100, "reply_start": 200, "reply_first_audio": 500}


def test_each_turn_is_timed_anew():
    turn = [(entries.VoiceEnd, 300), (entries.ReplyFirstAudio, "i")]
    first, second = times(*((1000 * n, *one) for n, one in enumerate(2 * turn)))
    assert first["reply_first_audio"] == second["reply_first_audio"] == 1000
