"""Write the drawings anew."""

from __future__ import annotations

from pathlib import Path

from scripts.pins.drawing import draw
from scripts.pins.setups import SETUPS

HERE = Path(__file__).parent

if __name__ == "__main__":
    for name, setup in SETUPS.items():
        (HERE / f"{name}.svg").write_text(draw(setup), encoding="utf-8")
