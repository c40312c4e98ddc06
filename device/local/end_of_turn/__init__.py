"""Whether a turn is over at a pause: by the sound and by the words."""
