"""What is known of a language: its files in `data/languages/`, read, and what is said in it."""
