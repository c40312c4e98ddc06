"""The daemon: the parts put together, their life, and what the conversation wants done."""
