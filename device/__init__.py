"""Parley: a full-duplex voice assistant between a room and a speech-to-speech engine."""
