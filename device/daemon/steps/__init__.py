"""The first steps: what there is to choose from when a device is set up, and what is tried before it is kept."""
