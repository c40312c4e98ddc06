"""How the assistant speaks: once more, slower, faster."""
