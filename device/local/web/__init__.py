"""The local engine's front door: who may ask, how many at once, and what is answered by plain HTTP."""
