"""Sound cards: what every card is, ALSA's by PortAudio, and how one is found, opened and watched."""
