"""What measures Parley (`run` knows all of it), and what stands in for the rest of the world while it is measured."""
