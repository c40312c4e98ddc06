"""Muting the microphone."""
