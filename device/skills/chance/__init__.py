"""Coins, dice and other chance."""
