"""MQTT: a home knows the assistant by a broker. A process of its own, which knows the door alone."""
