"""The page: a web server of its own that shows the assistant to browsers, and knows nothing of it but the door."""
