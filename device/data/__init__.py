"""Data files that ship with the package."""

from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent
"""Where they are; an installed Parley is a folder, never an archive."""
