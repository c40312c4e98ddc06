"""The local engine's front door: where it listens, how it is encrypted, and what a client asks for."""
