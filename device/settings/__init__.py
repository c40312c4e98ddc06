"""The settings: their types, and how they are read, checked and shown. They import no engine."""
