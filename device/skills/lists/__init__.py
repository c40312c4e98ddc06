"""Lists: shopping, to-do and others."""
