"""How loud the device is."""
