"""What is kept of what happened: the ledger, turns, transcripts and costs."""
