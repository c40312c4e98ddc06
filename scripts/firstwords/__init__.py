"""Trains what tells backchannels from interruptions by their sound: see `scripts/firstwords/__main__.py`."""
