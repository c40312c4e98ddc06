"""Lights, buttons and knobs on GPIO lines."""
