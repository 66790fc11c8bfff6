"""Formats of other tools: their data and logs, read and written."""
