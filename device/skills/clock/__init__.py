"""The time and the date."""
