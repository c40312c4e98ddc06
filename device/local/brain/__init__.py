"""What the local engine answers with."""
