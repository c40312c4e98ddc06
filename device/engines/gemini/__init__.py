"""Gemini Live as an engine."""
