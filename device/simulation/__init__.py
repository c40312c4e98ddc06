"""The simulated room: a scene with visitors, the whole daemon in it, and what the recording shows."""
