"""Formats of other tools: datasets for them and from them, and their logs as submissions. One file per tool."""
