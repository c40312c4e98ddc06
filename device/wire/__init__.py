"""Typed messages of the engine protocols, one file a protocol."""
