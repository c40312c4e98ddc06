"""The echo canceller: what the loudspeaker adds to the microphone, found and taken away."""
