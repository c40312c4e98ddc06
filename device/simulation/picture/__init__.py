"""A conversation as a picture: what is known of it, and one file that any browser shows."""
