"""Tools from elsewhere: a client of the Model Context Protocol, and the servers that the settings name."""
