"""Model files: which there are, and how they are found, fetched and verified."""
