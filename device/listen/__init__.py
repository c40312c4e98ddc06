"""Detectors: wake word, voice activity, end of turn, recognition."""
