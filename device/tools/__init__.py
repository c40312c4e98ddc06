"""What the assistant can do, the same for every engine."""
