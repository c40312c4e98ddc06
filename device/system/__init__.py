"""What the operating system is asked for: paths, locks, the service manager, the wall clock."""
