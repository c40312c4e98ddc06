"""What the assistant can do, a folder a skill."""
