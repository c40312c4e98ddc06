"""What our web servers share: who may ask, how many at once, and how they refuse."""
