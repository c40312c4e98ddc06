"""Dates: how far they are, and which day of the week they are."""
