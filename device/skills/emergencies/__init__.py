"""What is said in an emergency."""
