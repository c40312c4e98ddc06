"""Speech-to-text stages of the local engine, beside the small recogniser of `device.listen`."""
