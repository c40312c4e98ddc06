import pytest

from device.audio.echo.own_voice import ALIKE, ALIKE_BLOCKS, HOLDS, LOOK_EVERY, NEAR_BLOCKS, NEAR_DB, OwnVoice


class Heard:
    """What the residual and the place say: set by hand, and counted."""

    def __init__(self):
        self.excess = NEAR_DB
        self.likeness = 0.0
        self.is_own = False
        self.looks = 0
        self.ago = 0

    def own(self, ago):
        self.looks += 1
        self.ago = ago
        return self.is_own


def steps(voice, count, *, plays=True):
    for _ in range(count):
        voice.step(plays=plays)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def voice(heard):
    return OwnVoice(heard, heard)


def test_who_has_a_time_of_their_own_is_no_echo(heard, voice):
    steps(voice, 200)
    assert not voice.holds
    assert not voice.found
    assert heard.looks == pytest.approx(200 / LOOK_EVERY, abs=1)


@pytest.mark.parametrize(("likeness", "is_own"), [(ALIKE + 0.01, False), (0.0, True)])
def test_what_goes_with_the_echo_or_is_one_is_its_own(heard, voice, likeness, is_own):
    heard.likeness, heard.is_own = likeness, is_own
    steps(voice, 200)
    assert voice.holds
    assert voice.found == 1


def test_it_is_looked_at_before_anything_is_made_of_it(heard, voice):
    heard.is_own = True
    heard.excess = 0.0
    steps(voice, 20)
    assert not voice.holds
    heard.excess = NEAR_DB
    steps(voice, NEAR_BLOCKS)
    assert voice.holds


def test_what_was_found_counts_until_the_next_look(heard, voice):
    heard.is_own = True
    steps(voice, NEAR_BLOCKS)
    heard.is_own = False
    steps(voice, HOLDS - 1)
    assert voice.holds
    steps(voice, 1)
    assert not voice.holds
    heard.is_own = True
    steps(voice, LOOK_EVERY)
    assert voice.found == 2


def test_what_was_found_counts_no_longer_after_a_rest(heard, voice):
    heard.is_own = True
    steps(voice, NEAR_BLOCKS)
    voice.rest()
    assert not voice.holds


def test_a_voice_that_fades_with_the_reply_is_somebody_all_the_same(heard, voice):
    steps(voice, ALIKE_BLOCKS + 1)
    heard.likeness = 1.0
    steps(voice, 100)
    assert not voice.found


def test_after_a_rest_it_is_another_voice(heard, voice):
    steps(voice, 100)
    heard.excess = 0.0
    steps(voice, 10)
    heard.excess, heard.likeness = NEAR_DB, 1.0
    steps(voice, LOOK_EVERY)
    assert voice.holds


def test_what_fades_with_the_echo_is_somebody_while_nothing_plays(heard, voice):
    heard.likeness = 1.0
    steps(voice, 100, plays=False)
    assert not voice.found


def test_a_second_echo_is_its_own_in_a_pause_of_the_reply(heard, voice):
    heard.is_own = True
    steps(voice, NEAR_BLOCKS, plays=False)
    assert voice.holds


def test_what_is_heard_again_is_looked_at_where_it_was(heard, voice):
    for ago in range(20, -1, -1):
        voice.step(plays=True, ago=ago)
    assert 0 <= heard.ago <= LOOK_EVERY
