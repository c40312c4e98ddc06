"""What cannot be done, said honestly."""
