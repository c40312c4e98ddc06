"""What other programs play on the same loudspeaker: heard by a monitor, and lowered while somebody talks."""
