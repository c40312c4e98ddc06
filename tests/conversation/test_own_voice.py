"""Whether the device hears itself, by itself; what is done about it is in test_by_hand."""

import pytest

from device.conversation.own_voice import ANSWERS, HELPLESS, LESS_SURE, PROOF, SOON, TEXTS, WITHIN, OwnVoice
from device.sample_clock import samples

REPLY = "The tea is ready in the kitchen, and the biscuits are on the table."


def ms(at):
    return samples(at)


class Life:
    """One reply after the other, every ten seconds; what becomes of each is up to the test."""

    def __init__(self, echo="known"):
        self.own = OwnVoice()
        self.own.echo(echo)
        self.at = 0

    def reply(self, text=REPLY):
        self.at += 10_000
        self.own.plays(ms(self.at))
        self.own.says(f"i{self.at}", text, final=True)

    def cut(self, *, overheard="", ends_after=300):
        """A voice from 1 s on cuts the reply after 600 ms, and ends so long after it is silent."""
        self.own.starts(ms(self.at + 1000))
        if overheard:
            self.own.overheard(overheard)
        self.own.cut()
        self.own.falls_silent(ms(self.at + 1600))
        self.own.ends(ms(self.at + 1600 + ends_after))

    def user(self, text):
        self.own.user(text, ms(self.at + 2500))

    @property
    def why(self):
        return self.own.why


OWN, OTHER = "the tea is ready in the kitchen", "no I would like a coffee"


@pytest.mark.parametrize(
    ("echo", "overheard", "ends_after", "user", "cuts"),
    [
        # How many cuts it takes; None: there may be any number of them.
        ("known", "", 300, OWN, 2),
        ("known", "", 300, "the t is ready in kitchen", 2),  # misheard
        ("known", "", 300, "", 4),  # nobody said anything
        ("none", "", 300, "", 2),
        ("known", "", 300, OTHER, None),
        ("known", OWN, 300, OTHER, None),  # the engine's recogniser is the better one
        ("known", OWN, 300, None, 2),  # an engine that does not tell what it understood
        ("known", OTHER, 300, None, None),
        ("known", "the tea", 300, None, None),  # two words are not enough
        ("known", "the end is", 300, None, None),  # nor are they among three
        ("known", "", 300, None, None),
        ("known", "", 2000, None, None),  # it went on
        ("unknown", "", 300, None, 3),
        ("unknown", "", 2000, None, None),
        ("none", "", 300, None, 3),  # without a canceller
        ("none", "I thought", 300, None, 3),  # it may be misheard
        ("none", "", 300, OTHER, None),
        ("none", OTHER, 300, None, None),
    ],
)
def test_a_voice_that_interrupts_and_says_what_the_reply_says_is_its_own(echo, overheard, ends_after, user, cuts):
    life = Life(echo)
    for number in range(1, 12):
        life.reply()
        assert bool(life.why) is (cuts is not None and user is None and number > cuts)
        if life.why:
            break
        life.cut(overheard=overheard, ends_after=ends_after)
        if user is not None:
            life.user(user)
            if life.why:
                assert number == cuts
                break
    assert life.why == ("" if cuts is None else ANSWERS)


@pytest.mark.parametrize(("after", "own"), [(0, True), (SOON * 1000 // samples(1000) - 2, True), (1300, False)])
def test_a_voice_that_begins_as_the_reply_ends_may_be_its_own(after, own):
    life = Life("unknown")
    for _ in range(4):
        life.reply()
        silent = life.at + 3000
        life.own.falls_silent(ms(silent))
        life.own.starts(ms(silent + after))
        life.own.ends(ms(silent + after + 1) if own else ms(silent + 3000))
    assert bool(life.why) is own


def test_once_one_was_its_own_another_that_nobody_knows_the_words_of_counts_as_much():
    life = Life()
    for overheard in (OWN, "I thought"):
        life.reply()
        life.cut(overheard=overheard)
    assert not life.why
    life.reply()
    assert life.why == ANSWERS


def test_a_turn_that_is_nothing_but_the_reply_is_its_own_whenever_it_came():
    life = Life()
    for text in (OWN, "yes", OWN):
        life.reply()
        life.own.falls_silent(ms(life.at + 3000))
        life.user(text)
    assert life.why == ANSWERS


@pytest.mark.parametrize(("said", "mistakes"), [((OWN, OTHER, OWN), 2), ((OTHER, OTHER), 0), (("", ""), 0)])
def test_each_that_was_its_own_is_counted_whether_or_not_it_doubts_itself(said, mistakes):
    life = Life()
    for user in said:
        life.reply()
        life.cut()
        life.user(user)
    assert (life.own.mistakes, life.why) == (mistakes, "")


def test_somebody_else_in_between_or_a_long_time_makes_another_start():
    life = Life()
    for user in (OWN, OTHER, OWN):
        life.reply()
        life.cut()
        life.user(user)
    assert not life.why
    life.at += WITHIN * 1000 // samples(1000)
    life.reply()
    life.cut()
    life.user(OWN)
    assert not life.why


def test_the_words_of_a_reply_come_in_pieces_and_are_forgotten_after_a_while():
    life = Life()
    life.reply()
    for _ in range(2):
        life.reply("")
        life.own.says("pieces", "I wonder whether ", final=False)
        life.own.says("pieces", "it will rain", final=False)
        life.cut()
        life.user("I wonder whether it will rain")
    assert life.why
    life = Life()
    for _ in range(2):
        life.reply()
        for number in range(TEXTS):
            life.own.says(str(number), "something else", final=True)
        life.cut()
        life.user(OWN)
    assert not life.why


def test_a_canceller_that_is_helpless_is_believed_at_once_and_names_the_cause():
    life = Life()
    life.own.helpless(on=True)
    assert life.why == HELPLESS
    life.own.helpless(on=False)
    assert life.why == HELPLESS, "until there is proof"


class Doubtful(Life):
    """It hears itself, and plays on."""

    def __init__(self):
        super().__init__()
        self.own.helpless(on=True)
        self.own.helpless(on=False)
        self.reply()

    def tick(self, passed_ms):
        for _ in range(passed_ms // 50):
            self.at += 50
            self.own.tick(ms(self.at))


LONG = PROOF * 1000 // samples(1000)


def test_voices_are_believed_again_once_it_has_spoken_for_long_without_hearing_one_and_each_time_later():
    life = Doubtful()
    life.tick(LONG - 50)
    assert life.why
    life.tick(50)
    assert not life.why
    life.own.helpless(on=True)
    life.own.helpless(on=False)
    life.reply()
    life.tick(LESS_SURE * LONG - 50)
    assert life.why
    life.tick(50)
    assert not life.why


@pytest.mark.parametrize("spoils", ["helpless", "unknown", "voice", "voice after it", "silence"])
def test_there_is_no_proof_while_it_is_not_sure_or_hears_a_voice(spoils):
    life = Doubtful()
    life.tick(LONG - 100)
    match spoils:
        case "helpless":
            life.own.helpless(on=True)
            life.own.helpless(on=False)
        case "unknown":
            life.own.echo("unknown")
            life.own.echo("known")
        case "voice":
            life.own.starts(ms(life.at))
        case "voice after it":
            life.own.falls_silent(ms(life.at))
            life.own.starts(ms(life.at + 500))
            life.own.plays(ms(life.at + 1000))
        case _:
            life.own.falls_silent(ms(life.at))
            life.tick(LONG)
            life.own.plays(ms(life.at))
            life.tick(50)
            assert life.why, "time without playback does not count"
            life.tick(50)
            assert not life.why, "and what was played before does"
            return
    life.tick(LONG - 50)
    assert life.why


def test_the_echo_must_be_known_for_proof():
    life = Doubtful()
    life.own.echo("none")
    life.tick(2 * LONG)
    assert life.why
