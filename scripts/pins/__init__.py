"""Drawings of a Raspberry Pi's pins, one for each set-up of lights, button and board: `python -m scripts.pins`."""
