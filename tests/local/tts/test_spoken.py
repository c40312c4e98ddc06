import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.data import DATA
from device.local.tts.spoken import Spoken

ENGLISH, GERMAN = Spoken("en"), Spoken("de")
LANGUAGES = sorted(path.parent.name for path in (DATA / "languages").glob("*/spoken.toml"))
WRITTEN = st.text(st.sampled_from("0123456789.,:-/%$€°C apmh#+Mr?!"), max_size=24)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        # numbers
        ("0 7 21 100 1000", "zero seven twenty-one one hundred one thousand"),
        ("1,234,567 people", "one million two hundred thirty-four thousand five hundred sixty-seven people"),
        ("3.14, 0.05", "three point one four, zero point zero five"),
        ("It is -3, \u22124 or 10 - 4", "It is minus three, minus four or ten minus four"),
        ("3-5 or 3\u20135 days", "three to five or three to five days"),
        ("a 5-year plan", "a five year plan"),
        ("1st 2nd 3rd 11th 22nd 103rd", "first second third eleventh twenty-second one hundred third"),
        ("1/2 cup, 3/4, 5/7", "one half cup, three quarters, five over seven"),
        ("MP3 3D A4 v1.2.3", "MP three three D A four v one point two point three"),
        ("9^9^9 & more = 4", "nine to the power of nine to the power of nine and more equals four"),
        ("9" * 20, " ".join(["nine"] * 20)),
        ("0171 2345678", "zero one seven one two three four five six seven eight"),
        ("Call 911. Dial 112", "Call nine one one. Dial one one two"),
        ("No. 5, room #5", "number five, room number five"),
        ("No. I will not.", "No. I will not."),
        ("Version 3.0.", "Version three point zero."),
        # times
        ("It is 5:30.", "It is five thirty."),
        ("5:00, 5:05, 12:00", "five o'clock, five oh five, twelve o'clock"),
        ("17:05, 17:00, 0:30", "five oh five PM, five PM, twelve thirty AM"),
        ("7am, 7:15 AM, 5 p.m. today", "seven AM, seven fifteen AM, five PM today"),
        ("It was 5 p.m.", "It was five PM."),
        ("25:99", "twenty-five ninety-nine"),
        # dates
        ("on the 22nd of November 2026", "on the twenty-second of November twenty twenty-six"),
        ("2026-03-02, 2026-13-45", "March second, twenty twenty-six, two thousand twenty-six thirteen forty-five"),
        ("March 3, 1999", "March third, nineteen ninety-nine"),
        ("In 1984, since 2005", "In nineteen eighty-four, since two thousand five"),
        ("in 5 minutes, by 10", "in five minutes, by ten"),
        # money
        ("$5.50, $1, $0.99, $3.00", "five dollars and fifty cents, one dollar, ninety-nine cents, three dollars"),
        ("£20, 5 €, $3 million", "twenty pounds, five euros, three million dollars"),
        ("$1.01", "one dollar and one cent"),
        # units
        ("21 °C is 69.8°F", "twenty-one degrees Celsius is sixty-nine point eight degrees Fahrenheit"),
        ("1 km, 2 km, 1.5 kg", "one kilometer, two kilometers, one point five kilograms"),
        ("50% of 100 km/h", "fifty percent of one hundred kilometers per hour"),
        ("10 min.", "ten minutes."),
        ("3 \u00d7 4 \u00f7 2", "three times four divided by two"),
        # abbreviations
        ("Mr. Smith vs. Dr. Jones", "Mister Smith versus Doctor Jones"),
        ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera"),
        ("the U.S. army", "the US army"),
        # what needs no words
        ("Hello, isn't it well-known?", "Hello, isn't it well-known?"),
        ("", ""),
        ("😀", ""),
    ],
)
def test_english(written, said):
    assert ENGLISH.say(written) == said
    assert ENGLISH.say(said) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Es ist 17:05 Uhr.", "Es ist siebzehn Uhr fünf."),
        ("um 1:00 Uhr oder 17 Uhr", "um ein Uhr oder siebzehn Uhr"),
        ("am 3. März 2026", "am dritten März zweitausendsechsundzwanzig"),
        ("Am 3. gehe ich.", "Am dritten gehe ich."),
        ("3,14 und 1.234,50 €", "drei Komma eins vier und eintausendzweihundertvierunddreißig Euro und fünfzig Cent"),
        ("1 km, 1 Std, 21 °C", "ein Kilometer, eine Stunde, einundzwanzig Grad Celsius"),
        ("z. B. 50 %", "zum Beispiel fünfzig Prozent"),
        ("seit 1984", "seit neunzehnhundertvierundachtzig"),
    ],
)
def test_german(written, said):
    assert GERMAN.say(written) == said


@pytest.mark.parametrize("language", ["fr", "xx", "", "../en", "en/../en"])
def test_a_language_without_data_is_read_as_it_is_written(language):
    assert Spoken(language).say("**5** km at 5:30") == "5 km at 5:30"


def test_a_region_is_no_language_of_its_own():
    assert Spoken("en-GB").say("5") == "five"


@given(st.sampled_from([ENGLISH, GERMAN]), st.one_of(st.text(max_size=60), WRITTEN))
def test_no_digit_is_left_and_nothing_that_cannot_be_spoken(language, text):
    said = language.say(text)
    assert not re.search(r"\d", said)
    assert said.isprintable()
    assert said == " ".join(said.split())


@given(st.integers(0, 10**15 - 1))
def test_every_number_has_words_of_its_own(number):
    said = ENGLISH.say(f"{number:,}")
    assert said.replace("-", " ").replace(" ", "").isalpha()
    assert (said == ENGLISH.say(f"{number + 1:,}")) is False


@pytest.mark.parametrize("hour", range(24))
def test_every_minute_of_the_day_is_said(hour):
    said = {ENGLISH.say(f"{hour}:{minute:02}") for minute in range(60)}
    assert len(said) == 60
    assert all(re.fullmatch(r"[a-z' -]+(AM|PM)?", one) for one in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_every_language_are_whole(language):
    words = tomllib.loads((DATA / "languages" / language / "spoken.toml").read_text("utf-8"))
    assert len(words["months"]) == 12
    assert all(len(forms) in {2, 4} for forms in words["currencies"].values())
    assert all(len(forms) == 2 for table in ("units", "fractions") for forms in words[table].values())
    said = Spoken(language)
    for table in ("units", "currencies"):
        for written, forms in words[table].items():
            assert said.say(f"1 {written}") == forms[0]
            assert said.say(f"3 {written}").endswith(forms[1])
    for written, meant in words["signs"].items():
        assert said.say(f"a {written} b") == f"a {meant} b"


def test_ten_thousand_letters_take_no_time():
    text = "1.2.3.4,5,6 $5 10:10 " * 500
    assert len(ENGLISH.say(text)) > len(text)
    assert ENGLISH.say("a." * 5000)
    assert ENGLISH.say("1," * 5000)
