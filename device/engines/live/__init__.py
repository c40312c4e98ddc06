"""GPT-Live as an engine: it talks and listens at once."""
