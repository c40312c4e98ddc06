"""The end of a conversation."""
