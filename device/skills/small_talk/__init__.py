"""Greetings, jokes, stories, and what the assistant says of itself."""
