import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.language.numbers import plain_number

ENGLISH = load_language("en").numbers
digits, spoken = ENGLISH.in_digits, ENGLISH.spoken

ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def words(n, joined=" and "):
    """Spell a number below a billion."""
    for scale, name in ((10**6, "million"), (1000, "thousand")):
        if n >= scale:
            rest = n % scale
            return f"{words(n // scale, joined)} {name}" + (
                f"{joined if rest < 100 else ' '}{words(rest, joined)}" if rest else ""
            )
    if n >= 100:
        return f"{ONES[n // 100]} hundred" + (f"{joined}{words(n % 100)}" if n % 100 else "")
    if n < 20:
        return ONES[n]
    return TENS[n // 10] + (f" {ONES[n % 10]}" if n % 10 else "")


@given(st.integers(0, 10**9 - 1), st.sampled_from([" and ", " "]))
def test_every_number_is_read(n, joined):
    assert digits(words(n, joined)) == str(n)


@given(st.integers(0, 999), st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_decimals(n, decimals):
    said = f"{words(n)} point {' '.join(ONES[d] for d in decimals)}"
    assert float(digits(said)) == float(f"{n}.{''.join(map(str, decimals))}")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("twenty-five", "25"),
        ("a hundred and twenty", "120"),
        ("a million", "1000000"),
        ("2 million", "2000000"),
        ("two point five million", "2500000"),
        ("one and a half", "1.5"),
        ("three and a quarter hours", "3.25 hours"),
        ("four five minutes", "4 5 minutes"),
        ("twenty and five", "20 and 5"),
        ("1,234,567 and 3, 4", "1234567 and 3, 4"),
        ("half an hour", "half an hour"),
        ("someone won a stone in often fashion", "someone won a stone in often fashion"),
        ("a cat and an owl", "a cat and an owl"),
        ("what is twelve, please?", "what is 12, please?"),
        ("it's 5.", "it's 5."),
        ("", ""),
    ],
)
def test_digits(said, written):
    assert digits(said) == written


@given(st.floats(-1e14, 1e14))
def test_spoken_numbers_are_near(value):
    said = spoken(value)
    assert "e" not in said.replace("power", "").replace("times", "").replace("the", "")
    number, _, power = said.replace("minus ", "-").partition(" times 10 to the power of ")
    assert math.isclose(float(number) * 10.0 ** int(power or 0), value, rel_tol=0.006, abs_tol=1e-300)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (84, "84"),
        (-2.5, "minus 2.5"),
        (1 / 3, "0.333"),
        (12.345, "12.35"),
        (0.001234, "0.00123"),
        (-0.0, "0"),
        (1e20, "1 times 10 to the power of 20"),
    ],
)
def test_spoken(value, said):
    assert spoken(value) == said


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_cannot_be_said(value):
    with pytest.raises(ValueError, match="cannot be said"):
        spoken(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_number_keeps_the_value(value):
    assert float(plain_number(value)) == value


GERMAN = msgspec.structs.replace(
    ENGLISH,
    ones=("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    teens=("zehn", "elf", "zwölf", *(f"{n}zehn" for n in ("drei", "vier", "fünf", "sech", "sieb", "acht", "neun"))),
    tens=("zwanzig", "dreißig", *(f"{n}zig" for n in ("vier", "fünf", "sech", "sieb", "acht", "neun"))),
    within={"eins": "ein"},
    also={"ein": 1, "eine": 1, "zwo": 2},
    together="{ones}und{tens}",
    written="{ones}und{tens}",
    a=(),
    hundred="hundert",
    and_="und",
    point="komma",
    scales={"tausend": 1000},
    space=" ?",
    decimal=",",
    group=".",
)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("fünfundzwanzig minuten", "25 minuten"),
        ("einundzwanzig", "21"),
        ("hundert", "100"),
        ("zweihundertfünfundvierzig", "245"),
        ("zwei hundert und drei", "203"),
        ("dreitausendvierhundertsechs", "3406"),
        ("drei komma fünf", "3.5"),
        ("3,5 und 1.200", "3.5 und 1200"),
        ("sechzehn und siebzig", "16 und 70"),
        ("meine einzige achtung", "meine einzige achtung"),
        ("hundertfach", "hundertfach"),
    ],
)
def test_another_language_is_another_grammar(said, written):
    assert GERMAN.in_digits(said) == written


def test_another_language_says_its_own_numbers():
    assert GERMAN.spoken(2.5) == "2,5"
    assert [GERMAN.words(n) for n in (1, 21, 30, 100)] == ["eins", "einundzwanzig", "dreißig", "100"]
