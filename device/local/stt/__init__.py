"""Speech-to-text stages of the local engine."""
