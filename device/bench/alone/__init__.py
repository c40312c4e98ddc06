"""Whether the device hears itself, with nobody there: in which rooms, with which cards, and what is counted."""
