"""Samples: rings, cards, resampling, echo cancelling and playout."""
