"""How much common ingredients weigh."""

from __future__ import annotations

from typing import Final

CUP_ML: Final = 236.588
"""Of a US cup, by which the table goes."""
GRAMS_A_CUP: Final[dict[str, float]] = {
    "flour": 125,
    "whole wheat flour": 120,
    "sugar": 200,
    "brown sugar": 220,
    "powdered sugar": 120,
    "butter": 227,
    "rice": 185,
    "oats": 81,
    "honey": 339,
    "milk": 244,
    "water": 237,
    "oil": 218,
    "cocoa": 86,
    "salt": 292,
    "cornstarch": 128,
    "almonds": 143,
    "breadcrumbs": 108,
}
"""What a cup weighs: portions of the USDA's FoodData Central (SR Legacy), spooned or, of brown sugar, packed. How it is
filled makes a difference of a tenth, so that what follows from it is "about" so much."""


def grams(ingredient: str, millilitres: float) -> float:
    """Return what so much of an ingredient weighs, about. Raises KeyError for one that is not in the table."""
    return GRAMS_A_CUP[ingredient] * millilitres / CUP_ML
