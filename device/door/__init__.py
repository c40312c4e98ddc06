"""The door to the daemon: one Unix socket through which everything that is not the daemon asks and is told."""
