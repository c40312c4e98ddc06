import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.tools.fuzzy import NEAR, SURE, code, distance, likeness

ORDER = "PL-4722"
TEXT = st.text(max_size=20)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("PL-4722", "pl4722"),
        ("P L four seven two two", "pl4722"),
        ("pee el four seven double two", "pl4722"),
        ("papa lima forty seven twenty two", "pl4722"),
        ("P as in peter, L for Leeds, 47 22", "pl4722"),
        ("order number PL dash four thousand seven hundred and twenty two", "pl4722"),
        ("it's P, L, 4, 7, 2, 2 please", "pl4722"),
        ("triple seven one", "7771"),
        ("oh one to for ate", "01248"),
        ("O one O", "010"),
        ("seven hundred", "700"),
        ("twelve hundred", "1200"),
        ("fifty fifteen", "5015"),
        ("x-ray nine", "x9"),
        ("É four", "e4"),
        ("A for two", "a42"),
        ("double", "d0uble"),
        ("", ""),
        ("…", ""),
    ],
)
def test_a_code_however_it_is_said(said, meant):
    assert code(said) == meant


@pytest.mark.parametrize(
    ("kind", "said", "written"),
    [
        ("code", "four seven two two", ORDER),
        ("code", "P L four seven two two", ORDER),
        ("name", "Leicester", "Leicester"),
        ("name", "Southwork", "Southwark"),
        ("name", "Bristle", "Bristol"),
        ("name", "Swans ea", "Swansea"),
        ("name", "smyth", "Smith"),
        ("name", "Maier", "Meyer"),
        ("name", "m e y e r", "Mayer"),
        ("name", "mike echo yankee echo romeo", "Meyer"),
        ("name", "york", "New York"),
        ("text", "when are you open on sundays", "opening hours on Sunday"),
        ("text", "can I send back a kettle", "return, send back, refund"),
        ("text", "where are the toilets please", "toilets, restroom"),
    ],
)
def test_what_is_the_same(kind, said, written):
    assert likeness(kind)(said, written) >= SURE[kind]


@pytest.mark.parametrize(
    ("kind", "said", "written"),
    [
        ("code", "PL-4723", ORDER),
        ("code", "B L 4722", ORDER),
        ("code", "722", ORDER),
        ("code", "PL-7422", ORDER),
        ("name", "Leister", "Leicester"),
    ],
)
def test_what_is_worth_asking_about(kind, said, written):
    assert NEAR[kind] <= likeness(kind)(said, written) < SURE[kind]


@pytest.mark.parametrize(
    ("kind", "said", "written"),
    [
        ("code", "9999", ORDER),
        ("code", "22", ORDER),
        ("code", "PL-4835", ORDER),
        ("code", "", ORDER),
        ("code", "4722", ""),
        ("name", "Birmingham", "Bristol"),
        ("name", "", "Bristol"),
        ("text", "what is the price of gold", "return, send back, refund"),
        ("text", "what is it", "return, send back, refund"),
    ],
)
def test_what_is_something_else(kind, said, written):
    assert likeness(kind)(said, written) < NEAR[kind]


@given(st.sampled_from(("code", "name", "text")), TEXT, TEXT)
def test_a_likeness_is_from_0_to_1_and_of_a_thing_to_itself_1_if_it_says_anything(kind, said, written):
    like = likeness(kind)
    assert 0 <= like(said, written) <= 1
    assert like(written, written) in {0.0, 1.0}


@given(st.lists(st.sampled_from("abcdefghjklmnpqrstuvwxyz0123456789"), min_size=1, max_size=10).map("".join))
def test_a_code_said_character_by_character_is_the_code(written):
    digits = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    said = " ".join(digits[int(char)] if char.isdigit() else char for char in written)
    assert code(said) == written


@given(TEXT, TEXT, st.sampled_from(((), ("bcdegptvz3", "mn"))))
def test_the_distance_is_symmetric_and_bounded(one, other, alike):
    found = distance(one, other, alike=alike)
    assert found == distance(other, one, alike=alike)
    assert (0 if alike else abs(len(one) - len(other))) <= found <= max(len(one), len(other))
    assert (found == 0) == (one == other)


def test_characters_that_sound_alike_are_nearer():
    assert distance("b", "p", alike=("bp",)) == 0.5
    assert distance("b", "p") == 1
    assert distance("b", "k", alike=("bp",)) == 1
    assert distance("ab", "ba") == 1


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("PL-4722", "pl4722"),
        ("P L vier sieben zwei zwei", "pl4722"),
        ("pe el vier sieben doppel zwei", "pl4722"),
        ("Paula Ludwig siebenundvierzig zweiundzwanzig", "pl4722"),
        ("P wie Peter, L wie Lübeck, 47 22", "pl4722"),
        ("Bestellnummer PL Strich viertausendsiebenhundertzweiundzwanzig", "pl4722"),
        ("dreimal sieben eins", "7771"),
        ("zwo null fünf", "205"),
        ("Übermut Ärger Köln", "uak"),
        ("", ""),
    ],
)
def test_a_code_in_german(said, meant):
    assert code(said, "de-AT") == meant


@pytest.mark.parametrize(
    ("kind", "said", "written"),
    [
        ("code", "pe el vier sieben zwo zwei", ORDER),
        ("code", "vier sieben zwei zwei", ORDER),
        ("name", "Mueller", "Müller"),
        ("name", "Meier", "Mayer"),
        ("name", "Schmidt", "Herr Schmitt"),
        ("name", "em a ypsilon e er", "Mayer"),
        ("text", "wann haben Sie am Sonntag geöffnet", "Öffnungszeiten sonntags, geöffnet"),
        ("text", "wo ist die Toilette", "Toiletten, WC"),
    ],
)
def test_what_is_the_same_in_german(kind, said, written):
    assert likeness(kind, "de")(said, written) >= SURE[kind]


@pytest.mark.parametrize(
    ("kind", "said", "written"),
    [
        ("code", "acht acht acht", ORDER),
        ("name", "Müller", "Schneider"),
        ("text", "wo ist der Aufzug", "Toiletten, WC"),
    ],
)
def test_what_is_something_else_in_german(kind, said, written):
    assert likeness(kind, "de")(said, written) < NEAR[kind]


def test_english_words_say_nothing_in_german_and_the_other_way_round():
    assert code("vier sieben", "en") != code("vier sieben", "de") == "47"
    assert code("four seven", "de") != code("four seven", "en") == "47"


def test_a_language_of_which_that_is_not_known_is_taken_for_english():
    assert code("four seven double two", "fr") == "4722"
