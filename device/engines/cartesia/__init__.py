"""Cartesia's Managed Agents as an engine."""
