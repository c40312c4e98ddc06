import pytest

from device.language.language import load_language

GERMAN = load_language("de").numbers
digits, spoken = GERMAN.in_digits, GERMAN.spoken

ONES = [
    *("null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    *("dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"),
]
TENS = ["", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]


def words(n, one="ein", joined=""):
    """Spell a number below 10,000, as the package num2words does; `one` stands before hundred and thousand."""
    parts = []
    for size, name in ((1000, "tausend"), (100, "hundert")):
        if n >= size:
            count, n = divmod(n, size)
            parts.append((one if count == 1 else words(count)) + name)
    if not parts or n:
        ten, unit = divmod(n, 10)
        small = ONES[n] if n < 20 else ("ein" if unit == 1 else ONES[unit]) + "und" + TENS[ten] if unit else TENS[ten]
        parts.append(joined + small if parts else small)
    return "".join(parts)


@pytest.mark.parametrize(("one", "joined"), [("ein", ""), ("", ""), ("ein", "und")])
def test_every_number_to_9999_is_read(one, joined):
    for n in range(10_000):
        assert digits(words(n, one, joined)) == str(n), words(n, one, joined)


def test_every_number_to_9999_is_read_without_umlauts():
    plain = str.maketrans({"ü": "ue", "ö": "oe", "ß": "ss"})
    for n in range(10_000):
        assert digits(words(n).translate(plain)) == str(n)


def test_numbers_below_100_are_said_as_they_are_spelled():
    assert [GERMAN.words(n) for n in range(100)] == [words(n) for n in range(100)]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("drei komma eins vier", "3.14"),
        ("null komma fünf", "0.5"),
        ("3,5 und 1.000", "3.5 und 1000"),
        ("zwei millionen", "2000000"),
        ("eine million", "1000000"),
        ("zwei einhalb", "2.5"),
        ("drei und ein viertel", "3.25"),
        ("ein timer für einen kuchen", "ein timer für einen kuchen"),
        ("vier fünf minuten", "4 5 minuten"),
        ("zwo", "2"),
        ("zwoundzwanzig", "22"),
        (
            "ich stehe unter strom und achte auf die dreistigkeit",
            "ich stehe unter strom und achte auf die dreistigkeit",
        ),
        ("einundzwanzigtausend", "21000"),
    ],
)
def test_what_else_is_read(said, written):
    assert digits(said) == written


@pytest.mark.parametrize(
    ("value", "said"), [(3.14159, "3,14"), (-2, "minus 2"), (0.5, "0,5"), (1e16, "1 mal 10 hoch 16"), (1000, "1000")]
)
def test_numbers_are_said_with_a_comma(value, said):
    assert spoken(value) == said
