"""Makes the sounds that the benches play, from a plan: see `scripts/sounds`."""
