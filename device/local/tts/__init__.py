"""Text-to-speech stages of the local engine."""
