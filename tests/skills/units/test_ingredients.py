import pytest

from device.language.language import load_language
from device.skills.units.ingredients import CUP_ML, GRAMS_A_CUP, grams


def test_a_cup_weighs_what_the_table_says():
    assert grams("flour", CUP_ML) == 125
    assert grams("butter", CUP_ML / 16) == pytest.approx(14.2, abs=0.1)  # a tablespoon


def test_every_ingredient_that_can_be_said_is_in_the_table():
    assert {key for _, key in load_language("en").lists["ingredient"]} == set(GRAMS_A_CUP)
