"""The bench of barge-in and turn-taking: whole conversations in simulated rooms, judged by their recordings."""
