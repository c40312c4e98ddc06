"""What stages share that work on a server."""
