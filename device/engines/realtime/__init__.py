"""OpenAI's Realtime API, its dialects and its relatives as engines."""
