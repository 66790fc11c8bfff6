"""Answerers that are not trained: floors and the exact solver."""
