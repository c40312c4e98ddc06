"""What is kept of what was said, and deleting it."""
