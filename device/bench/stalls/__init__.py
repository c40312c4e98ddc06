"""The black box: `parley run` as a process on a virtual sound card, while it, or the card, is stopped for moments."""
