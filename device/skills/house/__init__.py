"""What a house does that is asked by Home Assistant's tools: lights, sockets, heating."""
