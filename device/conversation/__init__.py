"""The conversation: a pure machine from events to actions. It imports nothing but its own room and the sample clock."""
