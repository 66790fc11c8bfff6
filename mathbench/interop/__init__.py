"""Datasets for the tools of others, and the logs of these tools back as submissions. One file per tool or format."""
