"""The echo canceller alone: in rooms, with cards that go wrong, and against what else there is."""
