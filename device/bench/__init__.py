"""What measures Parley, and what stands in for the rest of the world while it is measured."""
