"""Looking after a device by its door: the log, the doctor, a bundle, updates, a new beginning, what is kept."""
