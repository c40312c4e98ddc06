"""Sessions with speech-to-speech engines, behind one contract."""
