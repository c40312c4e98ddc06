"""Alarms and reminders."""
