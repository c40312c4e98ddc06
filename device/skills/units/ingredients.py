"""How much common ingredients weigh."""

from __future__ import annotations

from typing import Final

CUP_ML: Final = 236.588
"""Of a US cup, by which the table goes."""
GRAMS_A_CUP: Final[dict[str, float]] = {
    "flour": 125,  # 20081
    "whole wheat flour": 120,  # 20080
    "sugar": 200,  # 19335
    "brown sugar": 220,  # 19334
    "powdered sugar": 120,  # 19336
    "butter": 227,  # 01001
    "rice": 185,  # 20044
    "oats": 81,  # 08120
    "honey": 339,  # 19296
    "milk": 244,  # 01077
    "water": 237,  # 14411
    "oil": 218,  # 04044
    "cocoa": 86,  # 19165
    "salt": 292,  # 02047
    "cornstarch": 128,  # 20027
    "almonds": 143,  # 12061
    "breadcrumbs": 108,  # 18079
}
"""What a cup weighs: the weights that the USDA's National Nutrient Database for Standard Reference (release 27,
now SR Legacy of FoodData Central, public domain) gives for a cup of the foods of these numbers; of powdered sugar
unsifted, of brown sugar packed, of almonds whole. How it is filled makes a difference of a tenth, so what follows is
"about" so much."""


def grams(ingredient: str, millilitres: float) -> float:
    """Return what so much of an ingredient weighs, about. Raises KeyError for one that is not in the table."""
    return GRAMS_A_CUP[ingredient] * millilitres / CUP_ML
