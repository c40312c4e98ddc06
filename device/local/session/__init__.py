"""A session of the local engine: the Realtime protocol, seen from the server."""
