"""What time it is elsewhere."""
